#!/usr/bin/env bash
# Tries what `make release` and `make deb` left in a folder, on a Debian machine, as root:
#
#     server/release/check.sh bin/release
#
# Every archive that can be started here scores pictures: linux/amd64 in a bare
# Debian without network, home or compiler; linux/arm64 under qemu-user; windows
# under wine. Their scores must be the same. The Debian package is installed,
# started, upgraded, removed and purged in the same bare Debian. What was tried, and
# what could not be, goes into NOTES.md of the folder. The first failure ends it.
set -euo pipefail
cd "$(dirname "$0")/../.."
release=$(realpath "$1")
work=$(mktemp -d)
chmod 755 "$work" # apt fetches as a user of its own
root=$work/root
cleanup() { umount "$root/proc" 2>/dev/null || true; rm -rf "$work"; }
trap cleanup EXIT
notes=$work/notes
say() { echo "$*" >&2; }
fail() { say "release check: $*"; exit 1; }
note() { echo "- \`$1\`: $2" >>"$notes"; say "$1: $2"; }
have() { [ -e "$release/$1" ]; }

if ! unshare --net --mount mount -t proc proc /proc; then
	say "release check: NOT DONE: this machine lets nobody make a bare system (unshare, mount, chroot)"
	exit 0
fi

say "checksums"
(cd "$release" && sha256sum --quiet -c SHA256SUMS)

# bare_root makes a minimal Debian of this machine's release, once a folder.
bare_root() {
	if [ ! -e "$release/.root.tar" ]; then
		say "making a bare Debian"
		mmdebstrap --quiet --variant=minbase --include=adduser "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$release/.root.tar"
	fi
	mkdir "$root" && tar xf "$release/.root.tar" -C "$root" --exclude='./dev/*'
	echo '127.0.0.1 localhost' >"$root/etc/hosts" # as an installed system has it
	for d in null zero random urandom; do cp -a /dev/$d "$root/dev/"; done
	mount -t proc proc "$root/proc" # the processor's features are read there
}

# inside runs a command in it: no network but a loopback, an empty environment.
inside() { unshare --net sh -c 'ip link set lo up; exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb chroot "$@"' sh "$root" "$@"; }

archive_linux_amd64() {
	tar xzf "$release/semirest-linux-amd64.tar.gz" -C "$root/opt"
	for f in LICENSE LICENCES.txt README.md INSTALL.md sbom.cdx.json; do
		[ -s "$root/opt/semirest/$f" ] || fail "the archive lacks $f"
	done
	if inside sh -c 'command -v cc python3 go'; then fail "the bare Debian is not bare"; fi
	# The page answers within 5 s of the first start, with the library unpacked in that time.
	inside env HOME=/root bash -ec '
		cd /root
		start=$(date +%s%N)
		/opt/semirest/semirest >log 2>&1 & server=$!
		until /opt/semirest/semirest health >/dev/null 2>&1; do
			kill -0 $server || { cat log; exit 1; }
			sleep 0.05
		done
		exec 3<>/dev/tcp/localhost/8080
		printf "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n" >&3
		grep -q "<title>SemiREST" <&3
		echo $((($(date +%s%N) - start) / 1000000)) >milliseconds
		kill $server; wait $server
		cd /tmp
		/opt/semirest/semirest demo --out demo --surface woven-cloth --normal 12
		/opt/semirest/semirest train --data demo/woven-cloth --supervision none --size 256 --bank-rows 200 --out m.safetensors
		mkdir pictures && cp $(find demo/woven-cloth/test -name "*.png" | sort | head -2) pictures
		/opt/semirest/semirest score --model m.safetensors --out native pictures' >&2 || fail "linux/amd64 does not work in a bare Debian"
	[ -z "$(find "$root/root" "$root/tmp" -path '*Microsoft*')" ] || fail "the library keeps an account of its use"
	first=$(cat "$root/root/milliseconds")
	note semirest-linux-amd64.tar.gz "started in a bare Debian without network: the page after $first ms, then trained a detector and scored pictures"
	mount -t tmpfs -o size=4m tmpfs "$root/mnt"
	if inside env XDG_CACHE_HOME=/mnt /opt/semirest/semirest score --model /tmp/m.safetensors --out /tmp/full /tmp/pictures 2>"$work/full"; then fail "a full disk is no error"; fi
	left=$(find "$root/mnt" -type f)
	umount "$root/mnt"
	grep -q 'no space left on device; it needs .* make room there, or name another folder with XDG_CACHE_HOME' "$work/full" || fail "a full disk is told as: $(cat "$work/full")"
	[ -z "$left" ] || fail "a full disk keeps $left"
}

# same compares a platform's scores with the native ones, to a thousandth.
same() {
	paste -d, <(tr -d '\r' <"$root/tmp/native/scores.csv") <(tr -d '\r' <"$1/scores.csv") | awk -F, '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == "score") column[++n] = i; next }
		{ d = $column[1] - $column[2]; if (n != 2 || d > 0.001 || d < -0.001) { print; bad = 1 } }
		END { exit bad || NR < 3 }' >&2 || fail "$1: other scores than on linux/amd64"
}

archive_linux_arm64() {
	local note=semirest-linux-arm64.tar.gz
	command -v qemu-aarch64-static >/dev/null || { note $note "NOT started: no qemu-user here"; return; }
	tar xzf "$release/$note" -C "$work" && mv "$work/semirest" "$work/arm64"
	mmdebstrap --quiet --variant=extract --skip=check/qemu --arch=arm64 --include=libc6,libstdc++6,libgcc-s1 \
		"$(. /etc/os-release && echo "$VERSION_CODENAME")" "$work/armroot"
	# ONNX Runtime reads the processor's kind there, and qemu shows this machine's.
	mkdir -p "$work/armroot/proc"
	printf 'processor\t: 0\nFeatures\t: fp asimd crc32 cpuid\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x3\nCPU part\t: 0xd0c\nCPU revision\t: 1\n\n' >"$work/armroot/proc/cpuinfo"
	env -i HOME="$work/armhome" PATH="$PATH" QEMU_LD_PREFIX="$work/armroot" qemu-aarch64-static "$work/arm64/semirest" \
		score --threads 1 --model "$root/tmp/m.safetensors" --out "$work/arm" "$root/tmp/pictures" >&2
	same "$work/arm"
	note $note "scored pictures under qemu-user, not on a processor of its kind"
}

archive_windows_amd64() {
	local note=semirest-windows-amd64.zip
	command -v wine >/dev/null || { note $note "NOT started: no wine here"; return; }
	python3 -m zipfile -e "$release/$note" "$work/windows"
	export WINEPREFIX=$work/wine WINEDEBUG=-all
	wineboot -i >/dev/null 2>&1 || true
	# Go asks for a library that wine has from version 9 on.
	if [ ! -e "$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll" ]; then
		printf '#include <windows.h>\nBOOLEAN NTAPI SystemFunction036(PVOID, ULONG);\n__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE p, SIZE_T n) { return SystemFunction036(p, (ULONG)n); }\n' >"$work/prng.c"
		"${ZIG:-bin/zig/ziglang/zig}" cc -target x86_64-windows-gnu -shared -s -o "$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll" "$work/prng.c" -ladvapi32
	fi
	wine "$work/windows/semirest/semirest.exe" score --model "Z:$root/tmp/m.safetensors" --out "Z:$work/win" "Z:$root/tmp/pictures" >&2
	wineserver -k || true
	same "$work/win"
	note $note "scored pictures under $(wine --version), not on Windows"
}

debian_package() {
	cp "$release"/semirest_*_amd64.deb "$root/tmp/new.deb"
	# The version before: the same files under a lower number.
	rm -rf "$work/old" && dpkg-deb -R "$root/tmp/new.deb" "$work/old"
	sed -i 's/^Version: .*/Version: 0.0.0~before/' "$work/old/DEBIAN/control"
	dpkg-deb -Znone -b "$work/old" "$root/tmp/old.deb" >/dev/null
	local unit=server/release/debian/semirest.service
	sed "s,/usr/bin/semirest,$work/old/usr/bin/semirest," $unit >"$work/semirest.service"
	if command -v systemd-analyze >/dev/null; then
		systemd-analyze verify "$work/semirest.service" || fail "the unit is wrong"
		systemd-analyze security --offline=true --threshold=20 $unit | tail -1 >&2 || fail "the unit is not hardened"
	fi
	inside dpkg -i /tmp/old.deb >&2
	[ "$(inside dpkg-query -W -f '${Conffiles}' semirest | awk '{print $1}')" = /etc/semirest/semirest.yaml ] || fail "the settings are no conffile"
	echo '# kept' >>"$root/etc/semirest/semirest.yaml"
	serve_as_unit
	echo kept >"$root/var/lib/semirest/projects/kept"
	inside dpkg -i /tmp/new.deb >&2
	grep -q '# kept' "$root/etc/semirest/semirest.yaml" || fail "an upgrade undoes settings"
	serve_as_unit
	inside dpkg -r semirest >&2
	[ -e "$root/etc/semirest/semirest.yaml" ] && [ ! -e "$root/usr/bin/semirest" ] || fail "removal is wrong"
	inside dpkg -P semirest >&2
	[ ! -e "$root/etc/semirest/semirest.yaml" ] && [ ! -e "$root/var/cache/semirest" ] || fail "a purge leaves settings or the cache"
	[ -e "$root/var/lib/semirest/projects/kept" ] || fail "a purge removes projects"
	note "$(basename "$release"/semirest_*_amd64.deb)" "installed, started as its user, upgraded, removed and purged in a bare Debian; the unit is verified, but not started by systemd"
}

# serve_as_unit starts the unit's own command as its user, with its environment,
# waits until it tells the service manager that it is ready, and stops it.
serve_as_unit() {
	local unit=$root/usr/lib/systemd/system/semirest.service
	local command
	command=$(sed -n 's/^ExecStart=//p' "$unit")
	CGO_ENABLED=0 go build -o "$root/tmp/manager" ./server/release/manager
	inside env "$(sed -n 's/^Environment=//p' "$unit")" sh -ec '
		exec setpriv --reuid=semirest --regid=semirest --init-groups --no-new-privs --bounding-set=-all \
			/tmp/manager '"$command" >&2 || fail "the service does not become ready, or does not stop"
}

# The image is built on the bare Debian, which stands for the one of a registry.
container() {
	command -v buildah >/dev/null || { note Dockerfile "NOT built: no buildah here"; return; }
	local b=(buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs) c
	c=$("${b[@]}" from scratch)
	"${b[@]}" add -q "$c" "$release/.root.tar" / >/dev/null
	"${b[@]}" commit -q "$c" localhost/bare >/dev/null
	"${b[@]}" bud -q --isolation chroot --format docker --build-arg BASE=localhost/bare --target processor \
		-f server/release/Dockerfile -t localhost/semirest "$release" >/dev/null
	c=$("${b[@]}" from --pull-never localhost/semirest)
	# A port of its own: the network is this machine's.
	"${b[@]}" run --isolation chroot "$c" -- bash -ec '
		[ "$(id -u)" = 10001 ]
		semirest serve --addr localhost:18433 --auth & server=$!
		until semirest health --addr localhost:18433 2>/dev/null; do kill -0 $server; sleep 0.1; done
		kill $server; wait $server' >&2 || fail "the container does not work"
	note Dockerfile "built for the processor, started as its user, and found in health; for CUDA it was not built"
}

: >"$notes"
bare_root
have semirest-linux-amd64.tar.gz || fail "there is no archive for linux/amd64: the others are compared with it"
archive_linux_amd64
! have semirest-linux-arm64.tar.gz || archive_linux_arm64
! have semirest-windows-amd64.zip || archive_windows_amd64
! have semirest-darwin-arm64.tar.gz || note semirest-darwin-arm64.tar.gz "NOT started: there is no macOS here; it was only compiled and linked"
if compgen -G "$release/semirest_*_amd64.deb" >/dev/null; then debian_package; fi
container
{ echo "# What was tried of this release"; echo; cat "$notes"; } >"$release/NOTES.md"
say "release check: all passed"
