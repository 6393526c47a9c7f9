package main

// file is one library inside a package: its path there, its name in the cache,
// and the checksum without which it is not installed.
type file struct {
	path, as, sha256 string
}

// source is one package that carries the library for one platform. The first
// file is the one to load.
type source struct {
	client string // "pip" or "npm"
	pack   string // the package's name
	tag    string // pip: the wheel's platform tag
	files  []file
}

const (
	so    = "libonnxruntime.so"
	dylib = "libonnxruntime.dylib"
	dll   = "onnxruntime.dll"
)

// processor lists, for each platform, the packages of the processor library in
// the order in which they are tried.
var processor = map[string][]source{
	"linux/amd64": {
		{"pip", "onnxruntime", "manylinux_2_28_x86_64", []file{
			{"onnxruntime/capi/libonnxruntime.so." + Version, so, "c902c70b3003c0e99fada202f37478c515ae9bba7944c2b2abd0017bae0c82ed"}}},
		{"npm", "onnxruntime-node", "", []file{
			{"package/bin/napi-v6/linux/x64/libonnxruntime.so.1", so, "ffb75a925ba05e47b235bb66e3e3911714a80b328a9c9425539feb204aa32a23"}}},
	},
	"linux/arm64": {
		{"pip", "onnxruntime", "manylinux_2_28_aarch64", []file{
			{"onnxruntime/capi/libonnxruntime.so." + Version, so, "8a218e1e446880131115c368ec7005969a5022af9a15a26173de648fef0b7789"}}},
		{"npm", "onnxruntime-node", "", []file{
			{"package/bin/napi-v6/linux/arm64/libonnxruntime.so.1", so, "1f549d46250b005580b597f4164984aaf75b3bcb9f3aeb07c7f8a8fe60b23c76"}}},
	},
	"darwin/arm64": {
		{"pip", "onnxruntime", "macosx_14_0_arm64", []file{
			{"onnxruntime/capi/libonnxruntime." + Version + ".dylib", dylib, "8f54aa3989f2d4b2f9fbe8af298b1c147978ec899a8c28e20d0d35edc0005027"}}},
		{"npm", "onnxruntime-node", "", []file{
			{"package/bin/napi-v6/darwin/arm64/libonnxruntime." + Version + ".dylib", dylib, "685d2be5dba1309c89d3a5324b7fd06a5c42f1a61bfea32d14c4cc28d072121d"}}},
	},
	"windows/amd64": {
		{"pip", "onnxruntime", "win_amd64", []file{
			{"onnxruntime/capi/onnxruntime.dll", dll, "44741724166ad61c8c82885e394793807f2cf5707c83b9e33c2d78d75c6e7650"}}},
		{"npm", "onnxruntime-node", "", []file{
			{"package/bin/napi-v6/win32/x64/onnxruntime.dll", dll, "508c362f5673483dd3a086379c392795b2e42d10d5e6f3f90ebd7ac21c97af67"}}},
	},
}

// terms are the licence of the processor library and those of what is inside
// it, as pip's packages hold them: a release ships them with the library.
func terms(platform string) []file {
	licence, notices := "2f07c72751aed99790b8a4869cf2311df85a860b22ded05fa22803587a48922c", "143764b952fdb1a7c69ce653bfba74a7744d6a8a573bfb73e235fba356c83de3"
	if platform == "windows/amd64" { // the same words, other ends of lines
		licence, notices = "c250d6278f0b47a6439fb7592b08b58a55eb9f535aa49a1db63211c3f982b674", "c53a76501ef60db6f865f20599f220761201ac4057683acefdab37d861b86622"
	}
	return []file{{"onnxruntime/LICENSE", "LICENSE", licence}, {"onnxruntime/ThirdPartyNotices.txt", "ThirdPartyNotices.txt", notices}}
}

// accelerated lists the CUDA 13 libraries; cuDNN 9 and the CUDA runtime must be
// on the machine's library path.
var accelerated = map[string][]source{
	"linux/amd64": {
		{"pip", "onnxruntime-gpu", "manylinux_2_28_x86_64", []file{
			{"onnxruntime/capi/libonnxruntime.so." + Version, so, "5a140dc17c8b60b35b2ceab0bb533e65ac54f06a208948417c1f9c31df6afc4c"},
			{"onnxruntime/capi/libonnxruntime_providers_shared.so", "libonnxruntime_providers_shared.so", "086ec1d5388f64153d9c63470d126693db9a182c8ce236d3a1119068471b8a0d"},
			{"onnxruntime/capi/libonnxruntime_providers_cuda.so", "libonnxruntime_providers_cuda.so", "9d7587acb137b31bf84e4d32dc444b969bb601d098b01395effcacfe4341e364"}}},
	},
}
