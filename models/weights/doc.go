// Package weights keeps tensors in files. It reads and writes the safetensors
// format, and holds the weights of the default backbone.
//
// # Layout of a file
//
// All numbers are little endian.
//
//	offset  bytes  what
//	0       8      h, the length of the header, unsigned
//	8       h      the header: a JSON object, padded with spaces
//	8+h     rest   the data: every tensor's numbers, row-major, without gaps
//
// The header maps a tensor's name to
//
//	{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}
//
// where the two offsets (begin, end) count from the start of the data. The name
// "__metadata__" is reserved: it maps strings to strings. The ranges of all
// tensors together cover the data exactly, with no hole and no overlap.
// The format is that of https://github.com/huggingface/safetensors; a file
// written here opens in any reader of it.
//
// # Words
//
// A [Tensor] is a shape and numbers of one [DType]. A [Set] is named tensors and
// metadata: what one file holds. [Save] replaces a file whole or not at all.
package weights
