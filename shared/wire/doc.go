// Package wire is the protocol between the browser's client and the server:
// every message of the websocket, both ways. This comment is its
// specification.
//
// # Transport
//
// One websocket message, binary, uncompressed, holds exactly one wire message.
// All numbers are little-endian, all floats IEEE 754. Version is 3.
//
//	offset size
//	0      1    version of the protocol, Version
//	1      1    type, see below; the high bit says that the server sent it
//	2      2    reserved, 0
//	4      4    request id, u32; 0 where the message answers nothing
//	8      -    payload, laid out by type
//
// A payload ends where the message ends; bytes left over are an error, as are
// bytes missing. Nothing is padded but where a layout says so.
//
//	str     u16 length, then that many bytes of UTF-8, at most MaxString
//	bytes   u32 length, then that many bytes, at most MaxData
//	rect    u32 x0, y0, x1, y1; x0 < x1, y0 < y1; half open, upright pixels
//	grid    u16 rows, u16 cols, u8 encoding (1 float32, 2 float16), u8 0,
//	        then rows*cols values, row-major; 1 to MaxGrid a side, MaxData bytes
//
// # Flow
//
// The server speaks first: Hello, with its limits and its detectors. The
// client opens a detector by name (Open) and gets its Detector back. It then
// sends crops, at most Hello.Window of them unanswered at any time; each crop
// has a request id of the client's own choice, not 0 and not in use. Exactly
// one Scores or one Error answers a crop. After a lost connection the client
// sends again what was not answered; a crop carries all that scoring it needs,
// so that is safe. Cancel withdraws a crop: its answer is then an Error with
// CodeCancelled, or its Scores if they were under way.
//
// A detector's description carries a generation. When another model takes its
// place, the server sends the new Detector unasked (request id 0) to every
// session that has it open; crops planned for an older generation are answered
// with CodeStale, and the client plans them again.
//
// Watch subscribes to a project's notices: Training, Job and Changed then come
// unasked. What they tell of is fetched, and labels are saved, by the JSON API.
//
// An Error with request id 0 concerns the connection, which the server closes
// after it.
//
// # Scores
//
// Scores are calibrated: raw / threshold, so 1.0 is the detector's threshold.
// The image score is the largest block score. From 1 on, unlike says that the
// crop is not of the kind of pictures that the detector learnt from; 0 where the
// detector cannot tell.
//
// # Client to server
//
//	0x01 Open      str detector
//	0x02 Crop      see Crop: 64 bytes, header included, then the pixels
//	0x03 Cancel    nothing (the request id names the crop)
//	0x04 Watch     u8 on (1) or off (0), str project
//	0x06 Measure   bytes of no meaning, at most MaxMeasure
//
// # Server to client
//
//	0x81 Hello     u8 lowest and u8 highest version spoken, u16 window,
//	               u32 max frame, u32 max side, u64 max pixels, str server,
//	               u16 count, then that many detectors
//	0x82 Detector  one detector
//	0x83 Scores    u32 picture, u32 generation, u16 index, u16 count, rect
//	               source, u32 row, u32 col, f32 image score, f32 unlike, u8
//	               stages, then that many (u8 stage, u32 microseconds), grid
//	0x84 Progress  u8 done (1 when ended), f32 seconds left (negative:
//	               unknown), u64 done, u64 total (0: unknown), str what
//	0x85 Error     u16 code, str text
//	0x86 Training  u64 job, u8 phase, u32 step, u32 total, f32 loss, f32
//	               seconds left, f32 held-out AP (NaN: none), u8 sample (0 or
//	               1), then if 1: str picture, grid
//	0x87 Job       u64 job, u8 kind, u8 state, u32 ahead in the queue, str
//	               project, str model, str text
//	0x8a Changed   u64 revision, u8 kind, str project, str picture, str author
//	0x8b Measured  nothing: Measure has arrived whole
//
// A detector, in Hello and Detector:
//
//	u32 generation, u16 input width, u16 input height, u32 tile reference
//	size (0: no tiles), u32 tile overlap, u8 block size, u8 score kind, u8
//	depth of 16-bit pictures in bits (0: 16), f32 false-alarm rate, i64
//	created (Unix seconds), str name, str model id, str preset, str
//	supervision, str note
//
// # Change
//
// A new message takes a new type; a receiver answers a type it does not know
// with CodeUnknownType and goes on. A changed layout takes a new version, and
// so does a message that is taken away, whose type is not given out again: an
// open page of the version before refuses what it is then sent (ErrVersion) and
// says that it must be loaded again.
//
//	2  without Labels (0x05), Saved (0x88), Conflict (0x89) and code 15,
//	   disk; a detector tells its depth
//	3  Scores tell how unlike the crop is; crops travel as PNG and as the picture's
//	   own file, too; Measure (0x06), Measured (0x8b)
package wire
