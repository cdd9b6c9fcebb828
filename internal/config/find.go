package config

import (
	"os"
	"path/filepath"
)

// FileName is the tenant file's name in a folder.
const FileName = "zo365.yaml"

// Find returns the path of the tenant file: the --config flag, ZO365_CONFIG,
// the working folder, the user's config folder. A path that was named is
// returned whether it exists or not; NotFoundError lists the places otherwise.
func Find(flag string, getenv func(string) string) (string, error) {
	if flag != "" {
		return flag, nil
	}
	if named := getenv("ZO365_CONFIG"); named != "" {
		return named, nil
	}
	tried := []string{FileName}
	if dir, err := os.UserConfigDir(); err == nil {
		tried = append(tried, filepath.Join(dir, "zo365", FileName))
	}
	for _, path := range tried {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, nil
		}
	}
	return "", &NotFoundError{Tried: tried}
}
