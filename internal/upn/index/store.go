package index

import (
	"encoding/binary"
	"hash/maphash"
	"unsafe"
)

// The store keeps a million people in few large pieces without pointers, so
// that neither memory nor the collector feel them.

// list grows without being copied.
type list[T any] struct {
	pieces [][]T
	n      int
}

const (
	pieceBits = 16
	pieceSize = 1 << pieceBits
)

func (l *list[T]) add(v T) {
	if l.n>>pieceBits == len(l.pieces) {
		l.pieces = append(l.pieces, make([]T, 0, pieceSize))
	}
	last := &l.pieces[len(l.pieces)-1]
	*last = append(*last, v)
	l.n++
}

func (l *list[T]) at(i uint32) T { return l.pieces[i>>pieceBits][i&(pieceSize-1)] }

// texts are immutable pieces of text; a place in them is the piece's number and
// the offset in it.
type texts struct{ pieces [][]byte }

func (t *texts) add(piece []byte) (base uint64) {
	t.pieces = append(t.pieces, piece)
	return uint64(len(t.pieces)-1) << 32
}

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
