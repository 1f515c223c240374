#!/bin/sh
# Unpacks a Rust toolchain with wasm's standard library sources from Debian's packages into a folder,
# for machines on which rustup cannot download. Nothing is installed and no root is needed.
#
# The package lists must be of today (`apt-get update`): Debian's first rustc-web is too old.
#
# usage: debian-wasm-toolchain.sh FOLDER, then export OUTCROP_WASM_TOOLCHAIN=FOLDER
set -eu
folder=$(readlink -m "$1")
rm -rf "$folder"
mkdir -p "$folder/packages" "$folder/root"
cd "$folder/packages"

# The archive moves from version to version; each package names the next.
depends() { apt-cache depends "$1" | sed -n "s/^  Depends: \($2[0-9.]*\)\$/\1/p" | head -n 1; }
std=$(depends libstd-rust-web-dev libstd-rust-web-)
llvm=$(depends "$std" libllvm)
lld=lld-${llvm#libllvm}
apt-get download rustc-web libstd-rust-web-dev "$std" "$llvm" "$lld" rust-web-src
for package in *.deb; do dpkg -x "$package" "$folder/root"; done
cd "$folder"
rm -rf packages

libraries=$(dirname "$(find root/usr/lib -name 'libLLVM*.so*' | head -n 1)")
wrap() {
    printf '#!/bin/sh\nexport LD_LIBRARY_PATH=%s/%s\nexec %s/root/usr/bin/%s "$@"\n' \
        "$folder" "$libraries" "$folder" "$2" >"$1"
    chmod +x "$1"
}
wrap rustc rustc
wrap rustdoc rustdoc
wrap wasm-ld "wasm-ld-${llvm#libllvm}"
./rustc -vV
./wasm-ld --version
echo "export OUTCROP_WASM_TOOLCHAIN=$folder"
