//! Addresses that a project names itself. An address has no list: the requested version is the version.

use url::Url;
use vx_base::package::archive::{Archive, Origin};
use vx_base::package::candidate::Candidate;
use vx_base::system::platform::Platform;
use vx_base::template;
use vx_http::TlsTrust;

use crate::agreement::{Disagreement, ExpectedArchive, count_archives};
use crate::documents::network::Network;
use crate::error::{SourceError, SourceErrorKind};
use crate::options::credentials::{Netrc, split};
use crate::source::{RecipeMaker, SourceClient, SourceRow, VersionQuery};
use crate::tools::artifact::Artifact;
use crate::tools::packaging::ProgramPath;
use crate::tools::recipe::{NoRecipe, Recipe, RecipeQuestion};

pub(super) const ROW: SourceRow = SourceRow {
    recipe: RecipeMaker::Declared(recipe),
    package_layout: None,
    names_archive: |_, _, _| false,
    compare_archives,
    read_trust: |_| TlsTrust::default(),
    followed_settings: |_, _| None,
    connect: |_| Box::new(OwnAddress),
};

/// A client for the addresses that a project itself names.
struct OwnAddress;

impl SourceClient for OwnAddress {
    fn candidates(&self, _: &Network, _: &VersionQuery<'_>) -> Result<Vec<Candidate>, SourceError> {
        Ok(Vec::new())
    }

    fn artifacts(
        &self,
        network: &Network,
        recipe: &Recipe,
        version: &str,
        platform: Platform,
    ) -> Result<Vec<Artifact>, SourceError> {
        let address = template::expand(recipe.url.as_deref().unwrap_or_default(), version, platform);
        let origin = locate(&network.netrc, &address)?;
        let parsed = Url::parse(&origin.url).ok();
        let last = parsed.as_ref().and_then(|url| url.path_segments()?.next_back().map(str::to_owned));
        let archive = Archive {
            package: recipe.tool.clone(),
            version: version.to_owned(),
            file: last.filter(|name| !name.is_empty()).unwrap_or_else(|| recipe.tool.clone()),
            digest: recipe.digest.clone(),
            strip: recipe.strip,
            ..Archive::default()
        };
        Ok(vec![network.sized(Artifact::unsigned(archive, origin))])
    }
}

/// Split an address that the project itself names into an origin: credentials are taken out of the address, or found in
/// `.netrc`.
pub(super) fn locate(netrc: &Netrc, address: &str) -> Result<Origin, SourceError> {
    let url = Url::parse(address)
        .map_err(|error| SourceError::new("the address of a tool", SourceErrorKind::Garbage(error.to_string())))?;
    let (url, own) = split(url);
    let authorization = own.or_else(|| netrc.header(&url));
    Ok(Origin { url: url.to_string(), authorization })
}

fn recipe(question: &RecipeQuestion<'_>) -> Result<Recipe, NoRecipe> {
    let RecipeQuestion { name, wanted, platform, .. } = *question;
    let Some(url) = &wanted.url else {
        let reason = "vx.toml gives no address for it".to_owned();
        return Err(NoRecipe::NoSource { tool: name.to_owned(), platform, reason });
    };
    Ok(Recipe {
        url: Some(url.clone()),
        digest: wanted.digest.clone(),
        strip: wanted.strip.unwrap_or(0),
        programs: question.programs_or(&[ProgramPath::plain(name, name)]),
        ..question.blank_recipe()
    })
}

fn compare_archives(recipe: &Recipe, version: &str, archives: &[&Archive]) -> Result<(), Disagreement> {
    count_archives(archives, 1)?;
    let expected = ExpectedArchive { packages: vec![recipe.tool.clone()], ..recipe.expected_archive(version) };
    archives.iter().try_for_each(|archive| expected.compare(archive))
}
