package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// Settings are the tool's own preferences. Each comes from its flag, else from
// its ZO365_ variable, else from settings.yaml in the user's config folder
// (for example ~/.config/zo365/settings.yaml), else from the default here.
type Settings struct {
	// Output is table, json, yaml or csv.
	Output string
	// CredentialStore is auto, keyring, file or env.
	CredentialStore string
	// Auth is how to sign in to Microsoft: auto, person, secret, certificate,
	// federated or managed-identity.
	Auth string
	// RequestTimeout bounds the wait for one HTTP answer.
	RequestTimeout time.Duration
	// MaxWait bounds the total time a command waits because a service throttles.
	MaxWait time.Duration
}

// setting is one preference: viper key and flag name are the same word.
var settings = []struct {
	key, fallback string
	allowed       []string
}{
	{"output", "table", []string{"table", "json", "yaml", "csv"}},
	{"credential-store", "auto", []string{"auto", "keyring", "file", "env"}},
	{"auth", "auto", []string{"auto", "person", "secret", "certificate", "federated", "managed-identity"}},
	{"request-timeout", "30s", nil},
	{"max-wait", "5m", nil},
}

// SettingError names a preference with a value it does not take, and where the
// value came from.
type SettingError struct {
	Key, Value, From string
	Allowed          []string
}

func (e *SettingError) Error() string {
	return fmt.Sprintf("%s (from %s): %q is not allowed; use %s", e.Key, e.From, e.Value, strings.Join(e.Allowed, ", "))
}

// LoadSettings layers the preferences. Flags that a command does not have are
// left out; outputs are formats that the command has beside the usual ones.
func LoadSettings(flags *pflag.FlagSet, outputs ...string) (Settings, error) {
	v := viper.New()
	v.SetEnvPrefix("ZO365")
	v.SetEnvKeyReplacer(strings.NewReplacer("-", "_"))
	v.AutomaticEnv()
	file := settingsFile()
	if err := readSettings(v, file); err != nil {
		return Settings{}, err
	}
	for _, s := range settings {
		v.SetDefault(s.key, s.fallback)
		if flag := flags.Lookup(s.key); flag != nil {
			if err := v.BindPFlag(s.key, flag); err != nil {
				return Settings{}, fmt.Errorf("binding --%s: %w", s.key, err)
			}
		}
	}
	for _, s := range settings {
		value := v.GetString(s.key)
		if s.key == "output" {
			s.allowed = slices.Concat(s.allowed, outputs)
		}
		if s.allowed != nil && !slices.Contains(s.allowed, value) {
			return Settings{}, &SettingError{
				Key:     s.key,
				Value:   value,
				From:    origin(flags, s.key, file),
				Allowed: s.allowed,
			}
		}
		if s.allowed == nil {
			if d, err := time.ParseDuration(value); err != nil || d <= 0 {
				return Settings{}, &SettingError{
					Key:     s.key,
					Value:   value,
					From:    origin(flags, s.key, file),
					Allowed: []string{"a duration such as 30s or 5m"},
				}
			}
		}
	}
	return Settings{
		Output:          v.GetString("output"),
		CredentialStore: v.GetString("credential-store"),
		Auth:            v.GetString("auth"),
		RequestTimeout:  v.GetDuration("request-timeout"),
		MaxWait:         v.GetDuration("max-wait"),
	}, nil
}

func settingsFile() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "zo365", "settings.yaml")
}

// readSettings reads the user's file, where unknown keys are errors: viper
// itself would pass them silently.
func readSettings(v *viper.Viper, file string) error {
	if file == "" {
		return nil
	}
	v.SetConfigFile(file)
	if err := v.ReadInConfig(); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return fmt.Errorf("reading %s: %w", file, err)
	}
	known := make([]string, len(settings))
	for i, s := range settings {
		known[i] = s.key
	}
	for _, key := range v.AllKeys() {
		if !slices.Contains(known, key) && v.InConfig(key) {
			return &SettingError{
				Key:     key,
				Value:   v.GetString(key),
				From:    file,
				Allowed: known,
			}
		}
	}
	return nil
}

// origin says where viper took a value from, for messages.
func origin(flags *pflag.FlagSet, key, file string) string {
	if flag := flags.Lookup(key); flag != nil && flag.Changed {
		return "--" + key
	}
	name := "ZO365_" + strings.ToUpper(strings.ReplaceAll(key, "-", "_"))
	if _, ok := os.LookupEnv(name); ok {
		return name
	}
	return file
}
