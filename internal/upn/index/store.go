package index

import (
	"encoding/binary"
	"hash/maphash"
	"unsafe"
)

// The store keeps a million people in few large pieces without pointers, so
// that neither memory nor the collector feel them.

// texts are immutable pieces of text; a place in them is the piece's number and
// the offset in it.
type texts struct{ pieces [][]byte }

func (t *texts) add(piece []byte) { t.pieces = append(t.pieces, piece) }

// placeOf is an offset in a piece.
func placeOf(piece int, offset uint32) uint64 { return uint64(piece)<<32 | uint64(offset) }

func (t *texts) at(place uint64) []byte { return t.pieces[place>>32][uint32(place):] }

// cut reads a text that begins with its length.
func cut(record []byte) (text, rest []byte) {
	n, size := binary.Uvarint(record)
	return record[size : size+int(n)], record[size+int(n):]
}

func appendText(dst, text []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// view is a string over bytes that nobody changes any more.
//
//nolint:gosec // the store is written once, before anybody reads it
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// seed is one for all tables of a run.
var seed = maphash.MakeSeed()

func hashOf(key []byte) uint32 { return uint32(maphash.Bytes(seed, key) >> 32) }
