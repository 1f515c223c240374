//! The host, as the global options want it.

use outcrop::config::Config;
use outcrop::{Error, ErrorClass, Host};
use tokio::runtime::{Builder, Runtime};

use crate::args::HostArgs;
use crate::failure::Failure;
use crate::{config, input};

/// Makes the host ready. Blocks while the plugin is compiled or loaded.
pub(crate) fn build(args: &HostArgs) -> Result<Host, Failure> {
    configured(args, config::load(args.config.as_deref())?)
}

/// The same with a configuration that has been read.
pub(crate) fn configured(args: &HostArgs, config: Config) -> Result<Host, Failure> {
    let mut builder = Host::builder().config(config);
    if let Some(file) = &args.plugin {
        // A file that cannot be read is wrong input; what is wrong inside of it is the host's to say.
        input::check_readable(file)?;
        builder = builder.plugin_file(file);
    }
    if let Some(region) = &args.region {
        builder = builder.region(region);
    }
    if let Some(profile) = &args.profile {
        builder = builder.profile(profile);
    }
    if let Some(endpoint) = &args.endpoint {
        builder = builder.endpoint(endpoint);
    }
    builder.build().map_err(Failure::run)
}

/// One thread is enough for one answer, and costs less than handing events between threads.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    Builder::new_current_thread().enable_all().build().map_err(|error| {
        Failure::run(Error::new(ErrorClass::Internal, format!("the runtime cannot start: {error}")))
    })
}
