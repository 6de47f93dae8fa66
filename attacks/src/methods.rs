//! Methods that only read, or that nobody uses.

use crate::{
    attacker::Attacker,
    message::{Ask, form},
    outcome::{Outcome, must},
};

pub(crate) async fn others(attacker: &Attacker) -> Outcome {
    let (paths, account) = (&attacker.target.paths, &attacker.target.account);
    let victim = attacker.victim().await?;
    let credentials = form(&[("username", &account.name), ("password", &account.password), ("which", "all")]);
    for path in paths.calls() {
        for method in ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PATCH", "PROPFIND", "QUERY", "get", "FOO"] {
            for address in [path.to_owned(), format!("{path}?{credentials}&_method=POST")] {
                let ask = Ask::new(method, &address)
                    .with("cookie", &victim.cookie)
                    .with("x-http-method-override", "POST")
                    .with("x-method-override", "POST");
                // What another site cannot send is refused for the method alone.
                let ask = if ["GET", "HEAD", "OPTIONS"].contains(&method) { ask } else { attacker.ours(ask) };
                let answer = attacker.send(&ask).await;
                let served = answer.status == 0
                    || answer.is_success() && method != "OPTIONS"
                    || answer.status >= 500 && answer.status != 501;
                must(!served, "a method that only reads, or is none, is served", &ask, &answer)?;
                must(answer.cookies().is_empty(), "it sets a cookie", &ask, &answer)?;
                must(answer.header("location").is_empty(), "it leads somewhere", &ask, &answer)?;
                must(!answer.body.contains("x-method-override"), "it gives back what was sent", &ask, &answer)?;
            }
        }
        attacker.must_live(&victim.cookie, "it signed the person out").await?;
    }
    for (path, method) in [
        (&paths.me, "POST"),
        (&paths.page, "POST"),
        (&paths.page, "PUT"),
        (&paths.me, "DELETE"),
        (&paths.file, "TRACE"),
    ] {
        let ask = attacker.ours(Ask::new(method, path).with("cookie", &victim.cookie));
        let answer = attacker.send(&ask).await;
        must(answer.is_refusal(), "a method that is not supported is served", &ask, &answer)?;
    }
    // What a browser fetches ahead of anybody's click.
    for path in [&paths.page, &paths.sign_out, &paths.sign_in_page, &paths.sessions_page] {
        for (name, value) in [
            ("sec-purpose", "prefetch"),
            ("sec-purpose", "prefetch;prerender"),
            ("purpose", "prefetch"),
            ("x-moz", "prefetch"),
        ] {
            let ask = Ask::get(path).with(name, value).with("cookie", &victim.cookie);
            let answer = attacker.send(&ask).await;
            must(answer.status != 0 && answer.status < 500, "it breaks the server", &ask, &answer)?;
            must(!attacker.starts_session(&answer), "it counts as somebody's doing", &ask, &answer)?;
        }
    }
    attacker.must_live(&victim.cookie, "fetching ahead signed the person out").await
}
