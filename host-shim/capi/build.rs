//! Names the shared library as the dynamic linker is to find it: the ABI's major version is part of the name.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let system = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    let argument = match system.as_str() {
        "macos" | "ios" => "-Wl,-install_name,@rpath/liboutcrop.1.dylib",
        "windows" => return,
        _ => "-Wl,-soname,liboutcrop.so.1",
    };
    println!("cargo:rustc-cdylib-link-arg={argument}");
}
