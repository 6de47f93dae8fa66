//! Fields that are not what they should be.

use crate::{
    attacker::Attacker,
    errors::must_say_nothing,
    message::{Ask, form},
    outcome::{Outcome, must},
};

const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) async fn confusion(attacker: &Attacker) -> Outcome {
    let (paths, account) = (&attacker.target.paths, &attacker.target.account);
    let name = form(&[("username", &account.name)]);
    let password = form(&[("password", &account.password)]);
    let value = password.trim_start_matches("password=");
    let json = serde_json::json!({"username": account.name, "password": account.password}).to_string();
    let multipart = format!(
        "--x\r\ncontent-disposition: form-data; name=\"username\"\r\n\r\n{}\r\n--x\r\ncontent-disposition: form-data; \
         name=\"password\"\r\n\r\n{}\r\n--x--\r\n",
        account.name, account.password
    );
    let bodies = [
        (FORM, format!("{name}&{name}&{password}")),
        (FORM, format!("{name}&username=somebody&{password}")),
        (FORM, format!("username=somebody&{name}&{password}")),
        (FORM, format!("{name}&{password}&{password}")),
        (FORM, format!("{name}&{password}&password=x")),
        (FORM, format!("username[]={}&{password}", account.name)),
        (FORM, format!("username[0]={}&{password}", account.name)),
        (FORM, format!("username.x={}&{password}", account.name)),
        (FORM, format!("{name}&password[]={value}")),
        (FORM, format!("{name}&password[a]={value}")),
        (FORM, format!("{name}&password%5B%5D={value}")),
        (FORM, format!("{name}&{password}&remember=on&remember=off")),
        (FORM, format!("{name}&{password}&remember[]=on")),
        (FORM, format!("{name}&{password}&remember=perhaps")),
        (FORM, name.clone()),
        (FORM, password.clone()),
        (FORM, format!("{name}&password=")),
        (FORM, format!("username=&{password}")),
        (FORM, format!("{name}&password=null")),
        (FORM, format!("{name};{password}")),
        (FORM, json.clone()),
        ("application/json", json.clone()),
        ("application/json", format!("[{json}]")),
        ("application/json; charset=utf-8", "{\"username\":{},\"password\":[]}".to_owned()),
        ("application/json", "null".to_owned()),
        ("text/plain", format!("{name}&{password}")),
        ("text/plain", json.clone()),
        ("multipart/form-data; boundary=x", multipart),
        ("application/xml", format!("<username>{}</username>", account.name)),
        ("application/x-www-form-urlencodedx", format!("{name}&{password}")),
        ("", format!("{name}&{password}")),
    ];
    // From the account's own browser, and with its password after it, so that no count grows.
    for (kind, body) in &bodies {
        let ask = Ask::new("POST", &paths.sign_in).body(body).with("content-type", kind);
        let ask = attacker.ours(ask.with("cookie", attacker.kept(account)));
        let answer = attacker.send(&ask).await;
        must_say_nothing(&ask, &answer)?;
        must(answer.is_refusal(), "a form that is none is taken", &ask, &answer)?;
        must(!attacker.starts_session(&answer), "a form that is none signs in", &ask, &answer)?;
    }
    // In the address they are nothing.
    for ask in [
        Ask::post(&format!("{}?{name}&{password}", paths.sign_in), ""),
        Ask::post(&format!("{}?{name}", paths.sign_in), &password),
        Ask::post(&format!("{}?{password}", paths.sign_in), &name),
    ] {
        let ask = attacker.ours(ask.with("cookie", attacker.kept(account)));
        let answer = attacker.send(&ask).await;
        must_say_nothing(&ask, &answer)?;
        must(!attacker.starts_session(&answer), "fields of the address count", &ask, &answer)?;
    }
    let victim = attacker.victim().await?;
    for (path, bodies) in [
        (&paths.end_sessions, &["", "which=", "which[]=all", "which=all&which=all", "which.x=all", "what=all"][..]),
        (&paths.confirm, &["", "password=", "password[]=x", "password=x&password=x"]),
        (&paths.change_password, &["", "current=x", "new=x", "current[]=x&new=y", "current=x&current=x&new=y"]),
    ] {
        for body in bodies {
            let ask = attacker.ours(Ask::post(path, body).with("cookie", &victim.cookie));
            let answer = attacker.send(&ask).await;
            must_say_nothing(&ask, &answer)?;
            must(answer.is_refusal(), "a form that is none is taken", &ask, &answer)?;
        }
    }
    attacker.must_live(&victim.cookie, "the victim was signed out").await
}

/// SQL, in which `{}` stands for an account's name.
const SQL: [&str; 8] = [
    "' OR '1'='1",
    "{}' --",
    "{}'/*",
    "' OR 1=1 LIMIT 1 --",
    "'; DROP TABLE sessions; --",
    "' UNION SELECT name, password_hash FROM accounts --",
    "{}\\' OR 1=1 #",
    "x' AND 1=randomblob(300000000) --",
];

pub(crate) async fn sql(attacker: &Attacker) -> Outcome {
    let (paths, account) = (&attacker.target.paths, &attacker.target.account);
    for sql in SQL {
        let sql = sql.replace("{}", &account.name);
        let victim = attacker.victim().await?;
        let ask = |path: &str, fields: &[(&str, &str)], cookie: &str| {
            attacker.ours(Ask::post(path, &form(fields)).with("cookie", cookie))
        };
        let kept = attacker.kept(account);
        let asks = [
            ask(&paths.sign_in, &[("username", &sql), ("password", &account.password)], ""),
            ask(&paths.sign_in, &[("username", &account.name), ("password", &sql)], &kept),
            ask(&paths.sign_in, &[("username", &account.name), ("password", "x"), ("remember", &sql)], ""),
            ask(&paths.end_sessions, &[("which", &sql)], &victim.cookie),
            ask(&paths.confirm, &[("password", &sql)], &victim.cookie),
            ask(
                &paths.change_password,
                &[("current", &sql), ("new", "seven purple ladders under a lake")],
                &victim.cookie,
            ),
            Ask::get(&paths.me).with("cookie", attacker.cookie(&sql.replace(';', "%3B"))),
        ];
        for ask in asks {
            let answer = attacker.send(&ask).await;
            must_say_nothing(&ask, &answer)?;
            must(answer.is_refusal(), "SQL in a field is not refused", &ask, &answer)?;
            must(!attacker.starts_session(&answer), "SQL in a field signs in", &ask, &answer)?;
        }
        let address = format!("{}?{}", paths.sessions_page, form(&[("id", &sql), ("next", &sql)]));
        let page = Ask::get(&address).with("cookie", &victim.cookie).with("user-agent", &sql);
        let answer = attacker.send(&page).await;
        must_say_nothing(&page, &answer)?;
        // What is written down of a browser is a value, too.
        let fields = [("username", &*account.name), ("password", &account.password)];
        let ask = ask(&paths.sign_in, &fields, &victim.cookie).with("user-agent", &sql);
        let answer = attacker.send(&ask).await;
        let visit = attacker.visit(account, &ask, &answer)?;
        let list = attacker.ours(Ask::post(&paths.sessions, "").with("cookie", &visit.cookie));
        let answer = attacker.send(&list).await;
        must(answer.is_success(), "the sessions cannot be listed any more", &list, &answer)?;
        // The wrong passwords of this round are forgotten, once the right one was given.
        let confirm = ask_confirm(attacker, &visit.cookie);
        let answer = attacker.send(&confirm).await;
        attacker.visit(account, &confirm, &answer)?;
    }
    Ok(())
}

fn ask_confirm(attacker: &Attacker, cookie: &str) -> Ask {
    let password = form(&[("password", &attacker.target.account.password)]);
    attacker.ours(Ask::post(&attacker.target.paths.confirm, &password).with("cookie", cookie))
}
