// Package source takes pictures from where a line makes them: a folder that files are put into, a video file, a camera's
// HTTP MJPEG stream, or RTSP.
//
// Words:
//
//   - A [Spec] says where pictures come from and which of them are wanted: its trigger.
//   - A feed is an open source. A live one goes on whether or not anybody looks: of its frames the newest is taken and
//     those that came meanwhile are dropped and counted. The others wait, and none of theirs is left out.
//   - A [Frame]'s mark tells it from every other of its source, also after a restart; live frames have none.
//   - A [Watch] keeps a source open: it connects again after growing pauses, can be paused, and says how it is.
//
// Videos and H.264 are decoded by the ffmpeg of this machine.
package source
