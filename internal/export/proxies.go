package export

import (
	"bytes"
)

// eachProxy splits proxy addresses: the admin center joins them with +, scripts
// with ; or commas, PowerShell's Out-String with line breaks, its Export-Csv of mailboxes
// with blanks. A + within an address is kept: only one that begins a prefixed address
// separates. A list that may not mix was in no quotes, and can be separated by ; alone or by
// blanks.
func eachProxy(list []byte, mayMix bool, each func([]byte)) {
	if len(list) > 0 && (list[0] == '[' || list[0] == '{') {
		list = bytes.Trim(list, "[]{}")
	}
	plus := bytes.IndexByte(list, '+') >= 0
	separators := ";"
	if mayMix && bytes.ContainsAny(list, ",\r\n|") {
		separators = ";,\r\n|"
	}
	for len(list) > 0 {
		var end int
		if len(separators) == 1 {
			end = bytes.IndexByte(list, ';')
		} else {
			end = bytes.IndexAny(list, separators)
		}
		part := list
		if end < 0 {
			list = nil
		} else {
			part, list = list[:end], list[end+1:]
		}
		if plus {
			eachPrefixed(part, '+', func(part []byte) { eachPrefixed(part, ' ', each) })
		} else {
			eachPrefixed(part, ' ', each)
		}
	}
}

// eachPrefixed cuts before every separator that is followed by a prefix such as "smtp:".
func eachPrefixed(part []byte, separator byte, each func([]byte)) {
	start := 0
	for i := bytes.IndexByte(part, separator); i >= 0 && i < len(part); i++ {
		if part[i] != separator {
			continue
		}
		prefix, _, found := bytes.Cut(part[i+1:], []byte{':'})
		if found && len(prefix) > 0 && !bytes.ContainsAny(prefix, "@+ ") {
			eachClean(part[start:i], each)
			start = i + 1
		}
	}
	eachClean(part[start:], each)
}

func eachClean(part []byte, each func([]byte)) {
	part = trim(part)
	if len(part) > 0 && (part[0] == '"' || part[0] == '\'' || part[len(part)-1] == '"' || part[len(part)-1] == '\'') {
		part = bytes.Trim(part, `"'`)
	}
	if len(part) > 0 {
		each(part)
	}
}
