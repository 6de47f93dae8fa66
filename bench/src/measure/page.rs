//! What a browser loads: WebAssembly, script and style, as they are compressed in the release.

use crate::{
    Outcome,
    results::{Bar, Limit, Results},
    say_more,
    stats::Spread,
};
use std::{fs, path::Path};

pub(super) fn page(site: Option<&Path>, results: &mut Results) -> Outcome<()> {
    let Some(site) = site else { return Ok(()) };
    let mut bytes = 0;
    for kind in [".wasm.br", ".js.br", ".css.br"] {
        // The newest: an older build may have left its own there, under other names.
        let files = fs::read_dir(site.join("pkg"))?.collect::<Result<Vec<_>, _>>()?;
        let of_kind = files.iter().filter(|file| file.file_name().to_string_lossy().ends_with(kind));
        let newest = of_kind.filter_map(|file| file.metadata().ok()).max_by_key(|it| it.modified().ok());
        bytes += newest.ok_or_else(|| format!("there is no *{kind} in {}", site.display()))?.len();
    }
    #[expect(clippy::cast_precision_loss, reason = "some hundred thousand")]
    let kibibytes = bytes as f64 / 1024.0;
    say_more(&format!("  {kibibytes:.1} KiB"));
    results.bars.push(Bar {
        what: "WebAssembly, script and style of a page after brotli".to_owned(),
        measured: Spread::once(kibibytes),
        unit: "KiB",
        limit: Limit::AtMost(260.0),
    });
    Ok(())
}
