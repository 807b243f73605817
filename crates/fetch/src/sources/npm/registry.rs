//! Address and credentials of the registry, from the configuration of npm.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use deno_npmrc::{NpmRc, NpmRegistryUrl, RegistryConfig, ResolvedNpmRc};
use url::Url;

use crate::error::{SourceError, SourceErrorKind};
use crate::options::SourceOptions;
use crate::options::credentials::{Netrc, basic, split};
use crate::options::setting_places::{npm_global, npm_of_user};

/// The npm registry.
pub(super) struct NpmRegistry {
    resolved: ResolvedNpmRc,
}

/// The environment in the form that the crate expects.
#[derive(Clone)]
struct NpmEnvironment<'o>(&'o SourceOptions);

impl sys_traits::BaseEnvVar for NpmEnvironment<'_> {
    /// npm accepts its own variables in upper and lower case.
    fn base_env_var_os(&self, key: &OsStr) -> Option<OsString> {
        let name = key.to_str()?;
        let lower = || self.0.variable(&name.to_lowercase()).filter(|_| name.starts_with("NPM_CONFIG_"));
        self.0.variable(name).or_else(lower).map(OsString::from)
    }
}

impl NpmRegistry {
    /// Read each `.npmrc` that npm reads: the global one, the user's, the project's; later ones win.
    pub(super) fn load(options: &SourceOptions) -> Result<Self, SourceError> {
        let variables = NpmEnvironment(options);
        let mut text = String::new();
        for path in files(options) {
            let Ok(file) = options.settings.read(&path) else { continue };
            NpmRc::parse(&variables, &file).map_err(|error| bad(path.display().to_string(), &error))?;
            text.push_str(&file);
            text.push('\n');
        }
        let parsed = NpmRc::parse(&variables, &text).map_err(|error| bad(".npmrc".into(), &error))?;
        let resolved = parsed.as_resolved(&NpmRegistryUrl::for_npm(&variables));
        resolved.map(|resolved| Self { resolved }).map_err(|error| bad("the registry of .npmrc".into(), &error))
    }

    /// Address of the registry, without credentials.
    pub(super) fn address(&self) -> Result<Url, SourceError> {
        let registry = split(self.resolved.get_registry_url("").clone()).0;
        match registry.scheme() {
            "http" | "https" => Ok(registry),
            _ => Err(bad("the registry of .npmrc".into(), &"is not a web address")),
        }
    }

    /// Address of a package's document.
    pub(super) fn package_url(&self, name: &str) -> Result<Url, SourceError> {
        self.join(name, &name.replace('/', "%2f"))
    }

    /// Address of one version's document.
    pub(super) fn version_url(&self, name: &str, version: &str) -> Result<Url, SourceError> {
        self.join(name, &format!("{}/{version}", name.replace('/', "%2f")))
    }

    /// Usual address of an archive in the registry.
    pub(super) fn tarball_url(&self, name: &str, file: &str) -> Result<Url, SourceError> {
        self.join(name, &format!("{name}/-/{file}"))
    }

    /// Address of the document with the signing keys of a package's registry.
    pub(super) fn keys_url(&self, name: &str) -> Result<Url, SourceError> {
        self.join(name, "-/npm/v1/keys")
    }

    /// Move an archive's address from a document to the configured registry, if npm would do the same.
    pub(super) fn rewritten(&self, url: Url, name: &str) -> Url {
        split(self.resolved.replace_tarball_url(url, name)).0
    }

    /// Make the header for this address, if the configuration has credentials for its host.
    pub(super) fn authorization(&self, url: &Url, name: &str) -> Option<String> {
        let registry = self.resolved.get_registry_url(name);
        if let (_, Some(header)) = split(registry.clone())
            && registry.origin() == url.origin()
        {
            return Some(header);
        }
        self.resolved.tarball_config_for_package(url, name).and_then(|config| header(config))
    }

    /// Make the headers for requests about a package, by the configuration or else by `.netrc`.
    pub(super) fn authorizer<'a>(&'a self, netrc: &'a Netrc, name: &'a str) -> impl Fn(&Url) -> Option<String> + 'a {
        move |url| self.authorization(url, name).or_else(|| netrc.header(url))
    }

    /// Hosts for which client certificates are set, with the paths of certificate and key.
    pub(super) fn client_files(&self) -> Vec<(&str, &str, &str)> {
        let configs = self.resolved.registry_configs.iter();
        let mut found: Vec<_> = configs
            .filter_map(|(host, config)| Some((host.as_str(), config.certfile.as_deref()?, config.keyfile.as_deref()?)))
            .collect();
        found.sort_unstable();
        found
    }

    fn join(&self, name: &str, path: &str) -> Result<Url, SourceError> {
        let what = || format!("the npm package {name}");
        let sound = |part: &str| !part.is_empty() && !part.starts_with('.') && part.chars().all(is_sound);
        if !name.strip_prefix('@').unwrap_or(name).split('/').all(sound) || path.contains("..") {
            let reason = "that is not a package name".to_owned();
            return Err(SourceError::new(what(), SourceErrorKind::Garbage(reason)));
        }
        let registry = split(self.resolved.get_registry_url(name).clone()).0;
        if !matches!(registry.scheme(), "http" | "https") {
            return Err(bad("the registry of .npmrc".into(), &"is not a web address"));
        }
        registry
            .join(path)
            .map_err(|error| SourceError::for_url(what(), &registry, SourceErrorKind::Garbage(error.to_string())))
    }
}

fn is_sound(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-_.~+".contains(character)
}

/// List the files that npm reads; later ones win. In the home directory, the project's file is the user's.
pub(super) fn files(options: &SourceOptions) -> Vec<PathBuf> {
    let variable = |name: &str| options.variable(name);
    let (user, project) = (npm_of_user(&variable), options.settings.npm_of_project());
    let user = user.filter(|user| project.as_ref() != Some(user));
    [npm_global(&variable), user, project].into_iter().flatten().collect()
}

fn header(config: &RegistryConfig) -> Option<String> {
    if let Some(token) = &config.auth_token {
        return Some(format!("Bearer {token}"));
    }
    if let Some(auth) = &config.auth {
        return Some(format!("Basic {auth}"));
    }
    let login = config.username.as_ref().or(config.email.as_ref())?;
    // npm stores passwords encoded.
    let password = config.password.as_ref()?;
    let decoded = STANDARD.decode(password.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    Some(basic(login, &decoded.unwrap_or_else(|| password.clone())))
}

fn bad(setting: String, reason: &dyn std::fmt::Display) -> SourceError {
    let reason = reason.to_string().lines().next().unwrap_or_default().to_owned();
    SourceError::new("the npm registry", SourceErrorKind::BadSetting { setting, reason })
}
