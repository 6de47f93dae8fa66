//! The defences, one after the other.

use super::Mutant;

const fn mutant(defence: &'static str, place: &'static str, text: &'static str, without: &'static str) -> Mutant {
    Mutant { defence, place, text, without }
}

const SEAL: &str = "auth/src/seal.rs";
const ENGINE: &str = "auth/src/engine.rs";
const OWN: &str = "auth/src/engine/own.rs";
const POLICY: &str = "auth/src/policy.rs";
const NAMES: &str = "auth/src/http/cookie_names.rs";
const ORIGIN: &str = "auth/src/http/origin.rs";
const GUARD: &str = "auth/src/http/guard.rs";
const WAY_OUT: &str = "auth/src/http/way_out.rs";
const NEXT: &str = "auth/src/next.rs";
const THROTTLE: &str = "auth/src/throttle.rs";
const STORED: &str = "auth/src/password/stored.rs";
const HASHER: &str = "auth/src/password/hasher.rs";
const SQLITE: &str = "auth/src/store/sqlite";
const POSTGRES: &str = "auth/src/store/postgres";
const CALLS: &str = "server/src/http/calls.rs";

/// All of them.
pub static MUTANTS: &[Mutant] = &[
    // Cookies, by their names.
    mutant(
        "a name is ours byte for byte, and not when it only decodes to ours",
        NAMES,
        "match names.iter().position(|ours| ours.as_bytes() == name) {",
        "match names.iter().position(|ours| ours.as_bytes() == name || is_taken_for(pair, name, ours)) {",
    ),
    mutant(
        "two cookies of our name are none",
        NAMES,
        "Self::One(_) | Self::Several => Self::Several,",
        "Self::One(_) | Self::Several => Self::One(value),",
    ),
    mutant(
        "white space is what HTTP calls so",
        NAMES,
        "let (name, value) = (trim(&pair[..at]), trim(&pair[at + 1..]));",
        "let name = String::from_utf8_lossy(&pair[..at]).trim().to_owned().into_bytes(); let (name, value) = (&name[..], trim(&pair[at + 1..]));",
    ),
    // Cookies, sealed.
    mutant(
        "a cookie that was opened before is the same cookie",
        "auth/src/seal/opened.rs",
        "let (whole, end) = rest.split_at(rest.len() - rest.len() % AT_ONCE);",
        "let (whole, end) = (&rest[..0], &rest[..0]);",
    ),
    mutant("a cookie is of our version", SEAL, "content.v != VERSION || ", ""),
    mutant("a cookie is a session's", SEAL, "|| content.t != SESSION_TYPE ", ""),
    mutant("a cookie is for our origin", SEAL, " || content.aud != self.audience {", " {"),
    mutant(
        "a device's cookie is one",
        SEAL,
        "content.v == VERSION && content.t == DEVICE_TYPE && content.aud",
        "content.v == VERSION && content.aud",
    ),
    mutant(
        "a device's cookie is for our origin",
        SEAL,
        "content.t == DEVICE_TYPE && content.aud == self.audience)",
        "content.t == DEVICE_TYPE)",
    ),
    mutant("a cookie that no browser keeps is not opened", SEAL, "if value.len() > MAX_COOKIE_BYTES {", "if false {"),
    mutant(
        "a cookie that no browser keeps is not sent",
        SEAL,
        "(name.len() + value.len() < MAX_COOKIE_BYTES).then_some(value)",
        "Some(value)",
    ),
    mutant("cookies are kept from scripts", SEAL, ".http_only(true)", ".http_only(false)"),
    mutant("cookies travel over https alone", SEAL, ".secure(self.secure)", ".secure(false)"),
    mutant("cookies are not sent along by other sites", SEAL, "SameSite::Lax)", "SameSite::None)"),
    mutant("cookies are of the whole site", SEAL, ".path(\"/\")", ".path(\"/app\")"),
    mutant(
        "the session's cookie is bound to the host",
        SEAL,
        "session: \"__Host-daypass\",",
        "session: \"__Secure-daypass\",",
    ),
    mutant(
        "the newest key seals",
        SEAL,
        "jar.private_mut(self.ring.sealing())",
        "jar.private_mut(self.ring.opening().last().unwrap_or(self.ring.sealing()))",
    ),
    // Requests of other sites.
    mutant(
        "reading is free, and nothing else",
        ORIGIN,
        "Method::GET | Method::HEAD | Method::OPTIONS)",
        "Method::GET | Method::HEAD | Method::OPTIONS | Method::POST)",
    ),
    mutant("a WebSocket is not reading", ORIGIN, "if is_safe && !is_websocket(headers) {", "if is_safe {"),
    mutant(
        "a header that comes twice was not sent by a browser",
        ORIGIN,
        "(Only::Several, _) | (_, Only::Several) => false,",
        "(Only::Several, _) | (_, Only::Several) => true,",
    ),
    mutant(
        "a neighbour is somebody else",
        ORIGIN,
        "b\"same-origin\" | b\"none\"",
        "b\"same-origin\" | b\"same-site\" | b\"none\"",
    ),
    mutant(
        "Sec-Fetch-Site counts",
        ORIGIN,
        "(Only::One(site), _) => matches!(site,",
        "(Only::One(site), _) => site.is_ascii() || matches!(site,",
    ),
    mutant(
        "Origin counts",
        ORIGIN,
        "(Only::None, Only::One(origin)) => self.origins.iter().any(|ours| ours.as_bytes() == origin),",
        "(Only::None, Only::One(_)) => true,",
    ),
    mutant("an origin is compared whole", ORIGIN, "ours.as_bytes() == origin)", "origin.starts_with(ours.as_bytes()))"),
    mutant(
        "what says nothing of where it comes from is refused",
        ORIGIN,
        "(Only::None, Only::None) => false,",
        "(Only::None, Only::None) => true,",
    ),
    mutant(
        "the origin check stands before everything",
        "server/src/http/mod.rs",
        "everything.layer(AtOnce(OriginCheck { origins: Arc::clone(&state.origins) }))",
        "everything",
    ),
    // Where to go on to.
    mutant(
        "next has no backslash, no control character, no space",
        NEXT,
        "(0x21..=0x7e).contains(&b) && b != b'\\\\'",
        "b != 0",
    ),
    mutant("next has no encoded slash", NEXT, "matches!(byte, b'/' | ", "matches!(byte, "),
    mutant("next has no encoded backslash", NEXT, "| b'\\\\' | b'%')", "| b'%')"),
    mutant("next has no encoding of an encoding", NEXT, " | b'%')", ")"),
    mutant("next has no dot segment", NEXT, "segment == \".\" || segment == \"..\" || ", ""),
    mutant(
        "next has no encoded dot segment",
        NEXT,
        "path.to_ascii_lowercase().replace(\"%2e\", \".\")",
        "path.to_ascii_lowercase()",
    ),
    mutant("next has no empty segment", NEXT, " || empty_in_the_middle {", " {"),
    mutant(
        "next is not the sign-in page, and no call",
        NEXT,
        "(first != \"login\" && first != \"api\").then_some(next)",
        "Some(next)",
    ),
    mutant("next is not long", NEXT, "next.len() > MAX_LEN || ", ""),
    mutant(
        "a form leads on where it may",
        "server/src/http/forms.rs",
        "redirect(next::safe_or_home(form.next.as_deref()))\n        }\n        \"/api/sign_out\"",
        "redirect(form.next.as_deref().unwrap_or(\"/\"))\n        }\n        \"/api/sign_out\"",
    ),
    mutant(
        "a page leads on where it may",
        GUARD,
        "answered(redirect(next::safe_or_home(query_next(request).as_deref())))",
        "answered(redirect(query_next(request).as_deref().unwrap_or(\"/\")))",
    ),
    mutant(
        "a Referer reaches no server function",
        "server/src/http/forms.rs",
        "    parts.headers.remove(header::REFERER);\n",
        "",
    ),
    // Who is let in.
    mutant(
        "without a session what is private is not reached",
        GUARD,
        "Access::Absent { .. } if self.is_public(path) =>",
        "Access::Absent { .. } =>",
    ),
    mutant(
        "a store that does not answer lets nobody in",
        GUARD,
        "Access::Active(_) => Admission::LetIn,",
        "Access::Active(_) | Access::Unavailable => Admission::LetIn,",
    ),
    mutant(
        "a handler is not reached while nobody knows whose the request is",
        "auth/src/http/extract.rs",
        "Access::Absent { reason, .. } => Err(unauthenticated(*reason)),\n            Access::Unavailable => Err(unavailable()),\n        }\n    }\n}\n\n/// For handlers",
        "Access::Absent { reason, .. } => Err(unauthenticated(*reason)),\n            Access::Unavailable => Err(unauthenticated(crate::Reason::None)),\n        }\n    }\n}\n\n/// For handlers",
    ),
    mutant("polls are nobody's doing", GUARD, "!self.passive.contains(&request.uri().path()) && ", ""),
    mutant(
        "what is fetched ahead is nobody's doing",
        GUARD,
        " && !request.headers().contains_key(\"sec-purpose\")",
        "",
    ),
    mutant(
        "what is sensitive asks for the password again",
        "app/src/server/mod.rs",
        "if session.is_sudo() { Ok(session) }",
        "if true { Ok(session) }",
    ),
    mutant(
        "a handler that takes a sudo session is reached with one",
        "auth/src/http/extract.rs",
        "if session.is_sudo() { Ok(Self(session)) }",
        "if true { Ok(Self(session)) }",
    ),
    // Whether a session is accepted.
    mutant("the row is of the cookie's account", ENGINE, "row.account != claim.account\n            || row", "row"),
    mutant("the row is of the cookie's epoch", ENGINE, "            || row.epoch != claim.epoch\n", ""),
    mutant(
        "the row is of the same proof as the cookie",
        ENGINE,
        "            || row.times.authenticated_at != claim.authenticated_at\n",
        "",
    ),
    mutant(
        "the row is remembered as the cookie says",
        ENGINE,
        "            || row.times.remembered != claim.remembered\n",
        "",
    ),
    mutant(
        "a session that has ended is refused",
        ENGINE,
        "if let Some((_, reason)) = row.ended {",
        "if let Some((_, reason)) = row.ended.filter(|_| false) {",
    ),
    mutant("the account is active", ENGINE, "if row.account_state != crate::AccountState::Active {", "if false {"),
    mutant("the account is in the same epoch", ENGINE, "if row.account_epoch != row.epoch {", "if false {"),
    mutant(
        "an unknown session is refused",
        ENGINE,
        "Standing::Alive(_) | Standing::FromTheFuture => Reason::Invalid,",
        "Standing::Alive(_) | Standing::FromTheFuture => Reason::None,",
    ),
    mutant(
        "a session that timed out is written down as ended",
        ENGINE,
        "Verdict::End(reason, idle_since) => (reason, idle_since),",
        "Verdict::End(reason, _) => return Access::Absent { reason, remembered },",
    ),
    mutant(
        "idle ends a session at the millisecond",
        POLICY,
        "} else if now >= deadlines.idle {",
        "} else if now > deadlines.idle {",
    ),
    mutant(
        "the absolute timeout ends a session at the millisecond",
        POLICY,
        "if now >= deadlines.absolute && ",
        "if now > deadlines.absolute && ",
    ),
    mutant(
        "the absolute timeout is never moved",
        POLICY,
        "absolute: times.absolute_deadline.min(times.authenticated_at.plus(timeouts.absolute)),",
        "absolute: times.last_activity.plus(timeouts.absolute),",
    ),
    mutant(
        "the stored deadline holds when a setting is raised",
        POLICY,
        "times.absolute_deadline.min(times.authenticated_at.plus(timeouts.absolute))",
        "times.authenticated_at.plus(timeouts.absolute)",
    ),
    mutant(
        "times from the future are refused",
        POLICY,
        "if times.authenticated_at > future || times.last_activity > future {",
        "if false {",
    ),
    mutant(
        "an activity from the future is refused",
        POLICY,
        "if times.authenticated_at > future || times.last_activity > future {",
        "if times.authenticated_at > future {",
    ),
    mutant("senseless timeouts are refused", POLICY, "if idle > absolute {", "if false {"),
    mutant(
        "sudo mode ends",
        "auth/src/session.rs",
        "self.checked_at < self.policy.sudo_until(&self.times)",
        "self.checked_at >= self.times.authenticated_at",
    ),
    mutant(
        "of a cookie from before, whoever comes late is a thief",
        ENGINE,
        "1 => newest.seen_at.is_some_and(|seen| now >= seen.plus(OLD_COOKIE)),",
        "1 => false,",
    ),
    mutant(
        "a cookie two generations old is a copy",
        ENGINE,
        "        _ => true,\n    }\n}\n\n/// For whom",
        "        _ => false,\n    }\n}\n\n/// For whom",
    ),
    mutant(
        "a cookie of a generation that never was is refused",
        ENGINE,
        "Standing::Alive(_) if row.generation.number < claim.generation => Verdict::Refuse(Reason::Invalid),\n",
        "",
    ),
    mutant(
        "an answer that is late is no reason to call anybody a thief",
        SQLITE,
        "AND (generation = 0 OR seen_at IS NOT NULL) RETURNING generation",
        "RETURNING generation",
    ),
    mutant(
        "who took longer than the timeout is not extended",
        ENGINE,
        "if !matches!(self.0.policy.standing(&session.times, now), Standing::Alive(_)) {",
        "if false {",
    ),
    // What is written, and when.
    mutant(
        "a session starts for an active account alone",
        SQLITE,
        "WHERE id = ? AND state = 'active' AND epoch = ? AND password_hash = ?\",",
        "WHERE id = ? AND epoch = ? AND password_hash = ?\",",
    ),
    mutant(
        "a session starts in the epoch of its proof",
        SQLITE,
        "AND state = 'active' AND epoch = ? AND password_hash = ?\",",
        "AND state = 'active' AND ? IS NOT NULL AND password_hash = ?\",",
    ),
    mutant(
        "a session starts for the password that was checked",
        SQLITE,
        "AND epoch = ? AND password_hash = ?\",",
        "AND epoch = ? AND ? IS NOT NULL\",",
    ),
    mutant(
        "what has ended is not extended",
        SQLITE,
        "WHERE secret_hash = ? AND ended_at IS NULL\n         RETURNING generation",
        "WHERE secret_hash = ?\n         RETURNING generation",
    ),
    mutant(
        "what has ended is not renewed",
        SQLITE,
        "WHERE secret_hash = ?2 AND ended_at IS NULL AND generation = ?3",
        "WHERE secret_hash = ?2 AND generation = ?3",
    ),
    mutant(
        "activity never goes back",
        SQLITE,
        "SET last_seen_at = max(last_seen_at, ?) WHERE",
        "SET last_seen_at = ? WHERE",
    ),
    mutant(
        "what has ended keeps its reason",
        SQLITE,
        "\"UPDATE sessions SET ended_at = ?1, end_reason = ?2 \",\n                \"WHERE ended_at IS NULL AND (?3",
        "\"UPDATE sessions SET ended_at = ?1, end_reason = ?2 \",\n                \"WHERE (?3",
    ),
    mutant(
        "who used it meanwhile does not time out",
        SQLITE,
        "end_reason = ?2 \",\n                \"WHERE ended_at IS NULL AND (?3 IS NULL OR last_seen_at <= ?3) \",",
        "end_reason = ?2 \",\n                \"WHERE ended_at IS NULL AND (?3 IS NULL OR ?3 IS NOT NULL) \",",
    ),
    mutant(
        "nobody ends the session of another account",
        SQLITE,
        "end_where!(\"AND id = ?4 AND account_id = ?5\")",
        "end_where!(\"AND id = ?4 AND ?5 IS NOT NULL\")",
    ),
    mutant(
        "to end the others leaves this one",
        SQLITE,
        "AND account_id = ?4 AND (?5 IS NULL OR secret_hash <> ?5)",
        "AND account_id = ?4 AND (?5 IS NULL OR ?5 IS NOT NULL)",
    ),
    mutant(
        "to end all of an account stops its sign-ins under way",
        SQLITE,
        "sqlx::query(\"UPDATE accounts SET epoch = epoch + 1 WHERE id = ?\")",
        "sqlx::query(\"UPDATE accounts SET epoch = epoch + 0 WHERE id = ?\")",
    ),
    mutant(
        "to end all of all stops sign-ins under way",
        SQLITE,
        "sqlx::query(\"UPDATE accounts SET epoch = epoch + 1\")",
        "sqlx::query(\"UPDATE accounts SET epoch = epoch + 0\")",
    ),
    mutant(
        "a session has a successor, which a late sign-out ends",
        WAY_OUT,
        "arrived.replaced.as_deref().map(|value| door.engine.sign_out_successor(value))",
        "None::<&[u8]>.map(|value| door.engine.sign_out_successor(value))",
    ),
    mutant("an account has so many sessions and no more", SQLITE, "LIMIT -1 OFFSET ?6", "LIMIT 0 OFFSET ?6"),
    mutant(
        "a changed password starts a new epoch",
        SQLITE,
        "SET password_hash = ?, epoch = epoch + 1, demo = 0",
        "SET password_hash = ?, demo = 0",
    ),
    mutant(
        "a disabled account starts a new epoch",
        SQLITE,
        "epoch = epoch + (state <> ?)",
        "epoch = epoch + 0 * (state <> ?)",
    ),
    mutant(
        "of two changes of a password one counts",
        SQLITE,
        "AND state = 'active' AND epoch = ?4 AND password_hash = ?5\n",
        "AND state = 'active' AND epoch = ?4 AND ?5 IS NOT NULL\n",
    ),
    mutant(
        "a session that has ended changes no password",
        SQLITE,
        "WHERE secret_hash = ?6 AND account_id = ?3 AND ended_at IS NULL)",
        "WHERE secret_hash = ?6 AND account_id = ?3)",
    ),
    mutant(
        "a better hash replaces the one that was checked, and no other",
        SQLITE,
        "SET password_hash = ? WHERE id = ? AND password_hash = ?\"",
        "SET password_hash = ? WHERE id = ? AND ? IS NOT NULL\"",
    ),
    mutant(
        "a demo account opens nothing elsewhere",
        ENGINE,
        "found.filter(|(account, _)| self.0.demo || !account.demo)",
        "found",
    ),
    // Passwords.
    mutant(
        "a password is changed with the present one",
        OWN,
        "            Ok(false) => {}\n",
        "            Ok(false) => return Ok((account, hash)),\n",
    ),
    mutant(
        "a sign-in takes the right password",
        ENGINE,
        "let (Some((account, hash)), true) = (found, right) else {",
        "let (Some((account, hash)), _) = (found, right) else {",
    ),
    mutant(
        "a name that nobody has costs a hash",
        ENGINE,
        "self.0.hasher.verify(request.password.clone(), stored).await",
        "match stored { None => Ok(false), stored => self.0.hasher.verify(request.password.clone(), stored).await }",
    ),
    mutant(
        "a stored hash is argon2id",
        STORED,
        "parsed.algorithm.as_str() == \"argon2id\"\n            && parsed.version",
        "parsed.version",
    ),
    mutant(
        "a stored hash has a memory within bounds",
        STORED,
        "            && STORED_MEMORY_KIB.contains(&params.m_cost())\n",
        "",
    ),
    mutant(
        "a stored hash has passes within bounds",
        STORED,
        "            && STORED_PASSES.contains(&params.t_cost())\n",
        "",
    ),
    mutant(
        "a stored hash has lanes within bounds",
        STORED,
        "            && STORED_LANES.contains(&params.p_cost())\n",
        "",
    ),
    mutant(
        "a stored hash is long enough",
        STORED,
        "parsed.hash.as_ref().is_some_and(|hash| hash.len() >= 32)",
        "parsed.hash.is_some()",
    ),
    mutant(
        "bcrypt has a cost within bounds",
        STORED,
        "bcrypt::is_bounded(cost).then_some(Usable::Bcrypt(&self.0))",
        "Some(Usable::Bcrypt(&self.0))",
    ),
    mutant("so many wait to be hashed and no more", HASHER, "return Err(HashError::Overloaded);", "{}"),
    mutant(
        "so many are hashed at a time and no more",
        HASHER,
        "let at_a_time = at_a_time.max(1);",
        "let at_a_time = 10_000 + at_a_time;",
    ),
    mutant(
        "a chosen password is long",
        "auth/src/password/chosen.rs",
        "if password.0.chars().count() < MIN_CHARS {",
        "if false {",
    ),
    mutant(
        "a password is not endless",
        "auth/src/password/chosen.rs",
        "if text.len() > MAX_BYTES {\n            return Err(PasswordError::TooLong);\n        }\n        let composed",
        "let composed",
    ),
    mutant(
        "a chosen password is not guessed early",
        "auth/src/password/chosen.rs",
        "Some(weakness) => Err(PasswordError::Guessable(weakness)),",
        "Some(_) => Ok(password),",
    ),
    // Guessing.
    mutant(
        "a try is counted before it is hashed",
        ENGINE,
        "if let Some(wait) = self.count_try(&buckets).await? {\n            return Err(SignInError::Throttled(wait));\n        }\n",
        "",
    ),
    mutant(
        "a proof is counted before it is hashed",
        OWN,
        "if let Some(wait) = self.count_try(&buckets).await? {\n            return Err(ProofError::Throttled(wait));\n        }\n",
        "",
    ),
    mutant(
        "a browser that is known does not wait for strangers",
        THROTTLE,
        "            Some(known) => (self.id(\"device\", &[&known.account.0.to_be_bytes(), known.nonce.as_bytes()]), None),\n            None =>",
        "            _ =>",
    ),
    mutant(
        "a browser is known for its own accounts alone",
        THROTTLE,
        "self.0.iter().find(|known| known.account == account)",
        "self.0.iter().find(|known| known.account == account || known.account != account)",
    ),
    mutant(
        "a network is counted",
        THROTTLE,
        "None => (self.id(\"account\", &[name.as_bytes()]), Some(self.network(place))),",
        "None => { let _ = self.network(place); (self.id(\"account\", &[name.as_bytes()]), None) }",
    ),
    mutant(
        "an IPv6 network is a /64",
        THROTTLE,
        "IpAddr::V6(address) => (address & NETWORK_BITS).into(),",
        "IpAddr::V6(address) => address.into(),",
    ),
    mutant(
        "not to say from where is no way around",
        THROTTLE,
        "self.id(\"network\", &[b\"unknown\"])",
        "self.id(\"network\", &[place.as_bytes()])",
    ),
    mutant(
        "waits grow",
        THROTTLE,
        "1_u64.checked_shl(over).map_or(self.most, |s| Duration::from_secs(s).min(self.most))",
        "Duration::from_secs(1).min(self.most + Duration::from_secs(u64::from(over)))",
    ),
    mutant("waits end", THROTTLE, "|s| Duration::from_secs(s).min(self.most)", "Duration::from_secs"),
    mutant(
        "counts are kept under a key",
        THROTTLE,
        "Hmac::<Sha256>::new_from_slice(self.0)",
        "Hmac::<Sha256>::new_from_slice(&self.0[..0])",
    ),
    mutant(
        "who guesses wrong does not get the try back",
        "auth/src/store/sqlite/attempts.rs",
        "THEN failures + 1 ELSE 1 END",
        "THEN failures ELSE 1 END",
    ),
    mutant(
        "tries at one moment are counted one after the other",
        "auth/src/store/sqlite/attempts.rs",
        "WHERE failures IS NOT seen.value ->> 1 OR last_at IS NOT seen.value ->> 2)",
        "WHERE false)",
    ),
    // What an answer carries.
    mutant(
        "what a session sees is kept by no cache",
        WAY_OUT,
        "HeaderValue::from_static(\"no-store\")",
        "HeaderValue::from_static(\"private\")",
    ),
    mutant(
        "a cache does not mix people up",
        WAY_OUT,
        "        headers.append(header::VARY, HeaderValue::from_static(\"Cookie\"));\n",
        "",
    ),
    mutant(
        "a sign-out clears what the browser keeps",
        WAY_OUT,
        "response.headers_mut().insert(CLEAR_SITE_DATA, HeaderValue::from_static(EVERYTHING_BUT_COOKIES));",
        "let _ = (CLEAR_SITE_DATA, EVERYTHING_BUT_COOKIES);",
    ),
    mutant("a sign-out takes the cookie away", WAY_OUT, "                forgets = true;\n", ""),
    mutant(
        "a cookie that does not open is taken away",
        WAY_OUT,
        "forgets = *reason == Reason::Invalid || (!is_call",
        "forgets = (!is_call",
    ),
    mutant(
        "scripts are let in by a nonce",
        "app/src/shell.rs",
        "script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval';",
        "script-src 'self' 'nonce-{nonce}' 'unsafe-inline' 'wasm-unsafe-eval';",
    ),
    mutant("a page is in nobody's frame", "app/src/shell.rs", "frame-ancestors 'none'", "frame-ancestors 'self'"),
    mutant(
        "nothing runs in what is no page",
        "server/src/http/headers.rs",
        "(header::CONTENT_SECURITY_POLICY, NOTHING_RUNS)",
        "(HeaderName::from_static(\"x-nothing\"), NOTHING_RUNS)",
    ),
    mutant(
        "types are not guessed",
        "server/src/http/headers.rs",
        "(header::X_CONTENT_TYPE_OPTIONS, \"nosniff\")",
        "(header::X_CONTENT_TYPE_OPTIONS, \"\")",
    ),
    mutant(
        "over https, https stays",
        "server/src/http/headers.rs",
        "max-age=63072000; includeSubDomains",
        "max-age=600",
    ),
    // What is read of a request.
    mutant(
        "a form has a size",
        "server/src/http/forms.rs",
        "to_bytes(body, MAX_FORM_BYTES)",
        "to_bytes(body, 64 * 1024 * MAX_FORM_BYTES)",
    ),
    mutant(
        "a form is of the type of forms",
        "server/src/http/forms.rs",
        "if !is_form && !is_nothing {",
        "if false && !is_form && !is_nothing {",
    ),
    mutant(
        "a field comes once",
        "server/src/http/forms.rs",
        "if !seen.insert(plain.to_owned()) {",
        "if !seen.insert(plain.to_owned()) && false {",
    ),
    mutant("a field is plain", "server/src/http/forms.rs", "if plain.len() != name.len() {", "if false {"),
    mutant(
        "a panic says nothing",
        "server/src/http/limits.rs",
        "    api::answer(AppError::Internal)\n",
        "    axum::response::IntoResponse::into_response((http::StatusCode::INTERNAL_SERVER_ERROR, said.unwrap_or_default().to_owned()))\n",
    ),
    mutant(
        "a request has an end",
        "server/src/http/limits.rs",
        "ready!(over.as_mut().poll(context));",
        "if over.as_mut().poll(context).is_pending() || true { return Poll::Pending; }",
    ),
    mutant(
        "only our own proxies are believed",
        "auth/src/http/client.rs",
        "        if !self.has(&peer) {\n            return peer;\n        }\n",
        "",
    ),
    mutant(
        "a chain is followed through our own proxies alone",
        "auth/src/http/client.rs",
        "            if !self.has(&address) {\n                break;\n            }\n",
        "",
    ),
    mutant(
        "what can be no file is not asked for",
        "server/src/http/files.rs",
        "if can_be(request.uri().path()) {",
        "if true {",
    ),
    mutant(
        "who did something at the last moment is not timed out by another node",
        ENGINE,
        "let urgent = self.0.policy.is_slide_urgent(&session.times, now);",
        "let urgent = false;",
    ),
    // What is remembered of sessions.
    mutant(
        "what is remembered is believed only while the store is known to tell of changes",
        "auth/src/live.rs",
        "if self.trust.holds() { self.memory.get(secret) } else { None }",
        "self.memory.get(secret)",
    ),
    mutant(
        "what has changed is not believed",
        "auth/src/live/memory.rs",
        "(known.as_of == now).then_some(known)",
        "Some(known)",
    ),
    mutant(
        "a read that a change of its account has overtaken is not kept",
        "auth/src/live/memory.rs",
        "if self.any_account.load(SeqCst) != ticket.accounts {",
        "if false {",
    ),
    mutant(
        "what was not heard is not believed, by the clock that nobody sets",
        "auth/src/store/moment.rs",
        "passed(self.steady, earlier.steady).max(passed(self.wall, earlier.wall))",
        "passed(self.wall, earlier.wall)",
    ),
    mutant(
        "what was not heard is not believed, by the clock on the wall",
        "auth/src/store/moment.rs",
        "passed(self.steady, earlier.steady).max(passed(self.wall, earlier.wall))",
        "passed(self.steady, earlier.steady)",
    ),
    mutant(
        "what was remembered before it was listened is forgotten",
        "auth/src/live.rs",
        "    shared.memory.forget(&Notice::All);\n    loop {",
        "    loop {",
    ),
    // The same on PostgreSQL.
    mutant(
        "on PostgreSQL a session starts for an active account alone",
        POSTGRES,
        "WHERE id = $10 AND state = 'active' AND epoch = $11",
        "WHERE id = $10 AND epoch = $11",
    ),
    mutant(
        "on PostgreSQL a session starts in the epoch of its proof",
        POSTGRES,
        "AND epoch = $11 AND",
        "AND $11::bigint IS NOT NULL AND",
    ),
    mutant(
        "on PostgreSQL a session starts for the password that was checked",
        POSTGRES,
        "AND password_hash = $12",
        "AND $12::text IS NOT NULL",
    ),
    mutant(
        "on PostgreSQL what has ended is not extended",
        POSTGRES,
        "greatest(last_seen_at, $1) WHERE secret_hash = $2 AND ended_at IS NULL",
        "greatest(last_seen_at, $1) WHERE secret_hash = $2",
    ),
    mutant(
        "on PostgreSQL what has ended is not renewed",
        POSTGRES,
        "WHERE secret_hash = $2 AND ended_at IS NULL AND generation = $3",
        "WHERE secret_hash = $2 AND generation = $3",
    ),
    mutant(
        "on PostgreSQL what has ended keeps its reason",
        POSTGRES,
        "WHERE ended_at IS NULL AND ($3::bigint IS NULL OR",
        "WHERE ($3::bigint IS NULL OR",
    ),
    mutant(
        "on PostgreSQL who used it meanwhile does not time out",
        POSTGRES,
        "($3::bigint IS NULL OR last_seen_at <= $3)",
        "($3::bigint IS NULL OR $3 IS NOT NULL)",
    ),
    mutant(
        "on PostgreSQL nobody ends the session of another account",
        POSTGRES,
        "end_where!(\"AND id = $4 AND account_id = $5\")",
        "end_where!(\"AND id = $4 AND $5::bigint IS NOT NULL\")",
    ),
    mutant(
        "on PostgreSQL a disabled account starts a new epoch",
        POSTGRES,
        "CASE WHEN state = $1 THEN epoch ELSE epoch + 1 END",
        "CASE WHEN state = $1 THEN epoch ELSE epoch END",
    ),
    mutant(
        "on PostgreSQL of two changes of a password one counts",
        POSTGRES,
        "AND epoch = $4 AND password_hash = $5\n",
        "AND epoch = $4 AND $5::text IS NOT NULL\n",
    ),
    mutant(
        "on PostgreSQL who guesses wrong does not get the try back",
        POSTGRES,
        "THEN attempts.failures + 1 ELSE 1 END",
        "THEN attempts.failures ELSE 1 END",
    ),
    mutant(
        "on PostgreSQL a try is not counted by what another has changed",
        POSTGRES,
        "         WHERE (attempts.bucket, attempts.failures, attempts.last_at)",
        "         WHERE true OR (attempts.bucket, attempts.failures, attempts.last_at)",
    ),
    mutant(
        "on PostgreSQL tries at one moment are counted one after the other",
        POSTGRES,
        "    if let Some(wait) = waiting(&counts, buckets, now)? {\n        return Ok(Some(wait));\n    }\n    let counted",
        "    let counted",
    ),
    mutant(
        "what was lost between two words of a node's own is noticed",
        POSTGRES,
        "if number != self.heard + 1 {",
        "if false {",
    ),
    // A store that holds everybody up.
    mutant(
        "what a store does not answer is not waited for",
        "auth/src/store/bounds.rs",
        "tokio::time::timeout(bound, work)",
        "tokio::time::timeout(bound * 1000, work)",
    ),
    mutant(
        "no connection is made to a disk that hangs",
        "auth/src/store/sqlite/open.rs",
        "connections.make_all().await.map_err(|e| unusable(e.to_string()))?;",
        "let _ = connections;",
    ),
    mutant(
        "what is given up in the middle of it is undone",
        "auth/src/store/connections.rs",
        "if state == State::Transaction {",
        "if false {",
    ),
    mutant(
        "a connection is lent again when it is through",
        "auth/src/store/connections.rs",
        ".take_if(|_| self.state != State::Nothing)",
        ".take_if(|_| false)",
    ),
    mutant(
        "a newer version's columns are in nobody's way",
        "auth/src/store/rows.rs",
        "\"id, name, password_hash, state, epoch, demo, created_at\"",
        "\"*\"",
    ),
    // Keys, and where the server listens.
    mutant(
        "a key file is its owner's",
        "server/src/keys/file.rs",
        "metadata.permissions().mode() & 0o077 != 0",
        "metadata.permissions().mode() & 0o007 != 0",
    ),
    mutant("a key is random", "auth/src/keys.rs", "if distinct < MIN_DISTINCT_BYTES || ", "if "),
    mutant("a key is there once", "auth/src/keys.rs", "return Err(KeyError::Duplicate);", "{}"),
    mutant("http is for loopback", "auth/src/engine.rs", "\"http\" if is_loopback(host) =>", "\"http\" =>"),
    mutant(
        "a demonstration is for this machine",
        "server/src/config.rs",
        "if self.demo && !listen.ip().is_loopback() {",
        "if false {",
    ),
    // How much one network may ask for, and where a request ends.
    mutant("requests are counted", CALLS, "count.check().err().map(", "None::<governor::NotUntil<Nanos>>.map("),
    mutant("requests are counted by network", CALLS, "let network = client.map(network);", "let network = None;"),
    mutant(
        "networks are counted in bounded memory",
        CALLS,
        "Cache::new(MOST_NETWORKS)",
        "Cache::new(MOST_NETWORKS * 8)",
    ),
    mutant(
        "whoever is refused does not fill the log",
        CALLS,
        "if self.0.lines.have_room(std::time::Instant::now()) {",
        "if true {",
    ),
    mutant(
        "a message is in chunks in one way alone",
        "server/src/http/framing.rs",
        "if has_one_reading(request.headers()) {",
        "if true {",
    ),
    mutant(
        "a head has an end",
        "server/src/listen/paced.rs",
        "Waits::Head { since } => since + self.limits.head,",
        "Waits::Head { .. } => return false,",
    ),
    mutant(
        "a pause has an end",
        "server/src/listen/paced.rs",
        "Waits::Idle { since } => since + self.limits.idle,",
        "Waits::Idle { .. } => return false,",
    ),
    mutant(
        "a pause has an end after an answer that was written before it was over",
        "server/src/listen/paced.rs",
        "        if matches!(this.waits, Waits::Not) {\n            this.rest(cx);\n        }\n",
        "",
    ),
    mutant(
        "what says itself that it is not to be kept is not kept for ever",
        "server/src/http/headers.rs",
        "if hashed && good && !says_how_long {",
        "if hashed && good {",
    ),
    mutant(
        "an answer that nobody reads has an end",
        "server/src/listen/paced.rs",
        "ready!(self.stuck.get_or_insert_with(|| Box::pin(sleep(self.limits.stuck))).as_mut().poll(cx));",
        "let _ = (cx, sleep(self.limits.stuck)); return Poll::Pending;",
    ),
    mutant(
        "times are told to nobody but who works on it",
        "server/src/http/mod.rs",
        "let is_development = !state.engine.cookies().is_secure();",
        "let is_development = true;",
    ),
];
