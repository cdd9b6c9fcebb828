// Package shell quotes texts for the commands that zo365 suggests, one function for each shell.
package shell

import "strings"

// Word quotes a text for a POSIX shell where it would take it apart.
//
// https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html
func Word(word string) string {
	for i, r := range word {
		// zsh looks for a command behind the first =.
		if i == 0 && r == '=' ||
			!strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@/=", r) {
			return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	return word
}

// Words quotes several words.
func Words(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = Word(w)
	}
	return strings.Join(quoted, " ")
}

// ByteOrder begins a script in UTF-8 for PowerShell: without it Windows PowerShell 5.1 takes the
// file for its own code page, in which bytes of a letter become a quote.
//
// https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_character_encoding
const ByteOrder = "\ufeff"

// PowerShell quotes a text so that nothing in it runs.
//
// https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules
func PowerShell(text string) string {
	for _, quote := range []string{"'", "\u2018", "\u2019", "\u201a", "\u201b"} { // PowerShell takes all of them
		text = strings.ReplaceAll(text, quote, quote+quote)
	}
	return "'" + strings.Map(func(r rune) rune {
		if r < ' ' {
			return -1
		}
		return r
	}, text) + "'"
}
