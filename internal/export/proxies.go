package export

import (
	"bytes"
)

// eachProxy splits proxy addresses: the admin center joins them with +, scripts
// with ; or commas, PowerShell's Out-String with line breaks. A + within an
// address is kept: only one that begins a prefixed address separates. A list that
// may not mix was in no quotes, and can be separated by ; alone.
func eachProxy(list []byte, mayMix bool, each func([]byte)) {
	if len(list) > 0 && (list[0] == '[' || list[0] == '{') {
		list = bytes.Trim(list, "[]{}")
	}
	plus := bytes.IndexByte(list, '+') >= 0
	semicolons := !mayMix ||
		bytes.IndexByte(list, ',') < 0 && bytes.IndexByte(list, '\n') < 0 && bytes.IndexByte(list, '\r') < 0
	for len(list) > 0 {
		var end int
		if semicolons {
			end = bytes.IndexByte(list, ';')
		} else {
			end = bytes.IndexAny(list, ";,\r\n")
		}
		part := list
		if end < 0 {
			list = nil
		} else {
			part, list = list[:end], list[end+1:]
		}
		if plus {
			eachPlus(part, each)
		} else {
			eachClean(part, each)
		}
	}
}

// eachPlus cuts before every "+" that is followed by a prefix such as "smtp:".
func eachPlus(part []byte, each func([]byte)) {
	start := 0
	for i := bytes.IndexByte(part, '+'); i >= 0 && i < len(part); i++ {
		if part[i] != '+' {
			continue
		}
		prefix, _, found := bytes.Cut(part[i+1:], []byte{':'})
		if found && !bytes.ContainsAny(prefix, "@+") {
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
