//! Vendors' own sites as a source.

use url::Url;
use vx_base::age::Published;
use vx_base::package::archive::Origin;
use vx_base::package::candidate::Candidate;
use vx_base::system::platform::Platform;
use vx_http::TlsTrust;

use super::Vendor;
use super::agreement::{compare_archives, names_archive};
use crate::documents::network::Network;
use crate::error::SourceError;
use crate::source::{ArchiveLists, RecipeMaker, SourceClient, SourceRow, VersionQuery};
use crate::tools::artifact::Artifact;
use crate::tools::catalogue::CatalogueTool;
use crate::tools::recipe::{Recipe, RecipeQuestion};

pub(in crate::sources) const ROW: SourceRow = SourceRow {
    recipe: RecipeMaker::Catalogued(recipe),
    package_layout: None,
    names_archive,
    compare_archives,
    read_trust: |_| TlsTrust::default(),
    followed_settings: |_, _| None,
    connect: |options| Box::new(Vendor::new(options.clone())),
};

fn recipe(question: &RecipeQuestion<'_>, tool: &CatalogueTool) -> Option<Recipe> {
    let vendor = tool.vendor.as_ref().filter(|vendor| vendor.carries(question.platform))?;
    Some(Recipe {
        vendor: Some(vendor.clone()),
        cutoff: question.wanted.cutoff,
        lts: tool.lts.clone(),
        programs: question.programs_or(&vendor.programs),
        ..question.blank_recipe()
    })
}

impl SourceClient for Vendor {
    fn candidates(&self, network: &Network, query: &VersionQuery<'_>) -> Result<Vec<Candidate>, SourceError> {
        let recipe = query.recipe;
        let Some(vendor) = &recipe.vendor else { return Ok(Vec::new()) };
        let versions = self.versions(&network.cache, &network.netrc, recipe, vendor, query.platform)?;
        let candidate = |(version, published): (String, Option<Published>)| Candidate {
            published,
            ..Candidate::new(version, recipe.source.scheme())
        };
        Ok(versions.into_iter().map(candidate).collect())
    }

    fn artifacts(
        &self,
        network: &Network,
        recipe: &Recipe,
        version: &str,
        platform: Platform,
    ) -> Result<Vec<Artifact>, SourceError> {
        let Some(vendor) = &recipe.vendor else { return Ok(Vec::new()) };
        let archives = self.archives(&network.cache, &network.netrc, recipe, vendor, version, platform)?;
        Ok(archives.into_iter().map(|archive| network.sized(archive)).collect())
    }

    fn archive_lists(&self) -> Option<&dyn ArchiveLists> {
        Some(self)
    }
}

impl ArchiveLists for Vendor {
    fn locate(&self, network: &Network, package: &str, file_name: &str) -> Result<Origin, SourceError> {
        self.locate(&network.netrc, package, file_name)
    }

    fn forget_versions(&self, network: &Network, recipe: &Recipe) {
        if let Some(vendor) = &recipe.vendor {
            self.forget(&network.cache, &recipe.tool, vendor);
        }
    }

    fn list_address(&self, _: &Network, recipe: &Recipe) -> Option<Url> {
        self.list_of(recipe.vendor.as_ref()?).ok()
    }
}
