use super::*;
use std::time::{Duration, Instant};

const CONTEXT: [&str; 3] = ["alice", "daypass", "tickets.example.org"];

fn weakness(text: &str) -> Option<Weakness> {
    find(&text.nfc().collect::<String>(), &CONTEXT)
}

#[test]
fn what_is_tried_first_is_refused() {
    use Weakness::{Common, Context, Pattern, Repeated};
    let refused: [(Weakness, &[&str]); 4] = [
        (
            Common,
            &[
                "password1234567!",
                "qwerty123456789",
                "Password1234567!",
                "PASSWORD12345678",
                "!!password1234567!!",
                "123456password123456",
                "...password...2024...",
                "password-1234567890",
                "P@ssw0rd12345678",
                "p@$$w0rd1234567890",
                "mypassword123456",
                "administrator123",
                "Administrator2024!",
                "letmein123456789",
                "welcome123456789",
                "Welcome2024!!!!!",
                "sunshine1234567",
                "princess12345678",
                "football20232024",
                "iloveyou1234567890",
                "dragon123456789",
                "monkey1234567890",
                "superman12345678",
                "qwerty-password-1",
                "manchesterunited",
                "michaeljackson1",
                "internazionale1",
                "unitedstatesofamerica",
                "iloveyouforever",
                "i love you forever",
                "thequickbrownfox",
                "The quick brown fox",
                "thisismypassword",
                "This is my password!",
                "thisisapassword123",
                "idontknowmypassword",
                "maytheforcebewithyou",
                "tobeornottobe123",
                "iforgotmypassword",
                "whatismypassword?",
            ],
        ),
        (
            Context,
            &[
                "alicealicealicealice",
                "Alice1234567890",
                "daypass12345678",
                "DaypassDaypass1",
                "daypassdaypassdaypass",
                "daypass-alice-1",
                "alicedaypass2024",
                "daypass-password1",
                "tickets.example.org",
                "ticketstickets123",
                "ticketsexampleorg",
                "alice@tickets.example",
                "4l1c3-4l1c3-4l1c3",
                "ecila1234567890",
                "!!!alice!!!2024!!!",
            ],
        ),
        (
            Repeated,
            &[
                "aaaaaaaaaaaaaaa",
                "letmeinletmein2024!",
                "drowssapdrowssap1",
                "               ",
                "AAAAAAAAaaaaaaaa",
                "000000000000000",
                "111111111111111",
                "!!!!!!!!!!!!!!!!",
                "😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀",
                "ababababababababa",
                "abcabcabcabcabc",
                "123123123123123",
                "passwordpassword",
                "PasswordPassword",
                "trustno1trustno1",
                "changemechangeme",
                "familiyafamiliya",
                "password password ",
                "aaaaaaaabbbbbbbb",
                "kq8zmw2xkq8zmw2x",
                "日本日本日本日本日本日本日本日本",
            ],
        ),
        (
            Pattern,
            &[
                "123456789012345",
                "qwertyqwertyqwerty",
                "12345678901234567890",
                "0987654321098765",
                "1234567890987654321",
                "123456789123456789",
                "qwertyuiopasdfgh",
                "QWERTYUIOPASDFGH",
                "qwertyuiopasdfghjklzxcvbnm",
                "1234567890qwertyuiop",
                "asdfghjklqwertyuiop",
                "poiuytrewqlkjhgfdsa",
                "qwerty asdfgh zxcvbn",
                "qwertzuiopasdfghjkl",
                "azertyuiopqsdfghjklm",
                "1q2w3e4r5t6y7u8i",
                "1q2w3e4r5t6y7u8i9o0p",
                "1qaz2wsx3edc4rfv",
                "1qaz2wsx3edc4rfv5tgb",
                "abcdefghijklmno",
                "abcdefghijklmnopqrstuvwxyz",
                "zyxwvutsrqponmlkj",
            ],
        ),
    ];
    let mut wrong = Vec::new();
    for (expected, texts) in refused {
        for text in texts {
            assert!(text.chars().count() >= 15, "{text} is too short anyway");
            let found = weakness(text);
            if found != Some(expected) {
                wrong.push(format!("{text:?} is {found:?} and not {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_follows_from_nothing_is_accepted() {
    let mut wrong = Vec::new();
    for text in [
        "correct horse battery staple",
        "another long password",
        "fifteen chars !",
        "purple dishwasher monkey",
        "summer holiday beach",
        "people because something",
        "i want to be with you",
        "the moon is made of green cheese",
        "wir fahren morgen ans meer",
        "mi gato duerme en la silla",
        "kqzhvxwmbtrplnd",
        "KQZHVXWMBTRPLND",
        "839274615037264",
        "kq8zmw2xv7tb4nd",
        "R7#kd0!zQ2mX&v9",
        "@%&*#-+=/?^~;:,",
        "日本語のパスワードは十五文字です",
        "我昨天在公园里看见了一只黑色的猫",
        "어제 공원에서 검은 고양이를 보았다",
        "вчера в парке была чёрная кошка",
        "είδα χθες μια μαύρη γάτα",
        "😀🎉🚀🌈🍕🐙🎸🧩🪐🦊🌵🎲🧊🪁🫐",
        "alice has seven green bicycles",
        "tickets cost nothing on mondays",
        "e83b1f09-7c52-4d6a",
        "9f86d081884c7d659a2feaa0c55ad015",
        "x y z q w m k p",
        "4@8({[</369&#!1/|0$5+7%2",
    ] {
        if let Some(found) = weakness(text) {
            wrong.push(format!("{text:?} is {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn random_passwords_of_any_one_kind_of_character_are_accepted() {
    let kinds =
        ["abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789", "!#$%&()*+,-./:;<=>?@[]^_{|}~"];
    // The same ones each time: among the numbers, one in some ten thousand is three dates by chance.
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap() % below
    };
    for kind in kinds {
        let characters: Vec<char> = kind.chars().collect();
        for _ in 0..300 {
            let text: String = (0..15).map(|_| characters[next(characters.len())]).collect();
            assert_eq!(weakness(&text), None, "{text}");
        }
    }
}

#[test]
fn the_context_may_be_anything() {
    let long = "Ab4".repeat(300);
    let odd = ["", "-", "é", "\0", "日本語", &long, "a", "\u{130}\u{130}\u{130}"];
    assert_eq!(find("kqzhvxwmbtrplnd", &odd), None);
    assert_eq!(find("4b4b4b4b4b4b4bx", &odd), Some(Weakness::Repeated));
    let name = "q7kz2mxw".repeat(8);
    assert_eq!(find(&format!("{name}1"), &[&name]), Some(Weakness::Context));
    assert_eq!(find("a\u{301}lbert123456789", &["álbert"]), Some(Weakness::Context));
}

#[test]
fn a_long_password_is_as_strong_as_its_strongest_part() {
    let weak = "a".repeat(95);
    assert_eq!(weakness(&format!("{weak}{weak}b")), Some(Weakness::Repeated));
    assert_eq!(weakness(&format!("{weak}kq8zmw2xv7tb{weak}")), None);
    assert_eq!(weakness(&format!("{weak}{weak}correct horse battery staple")), None);
    assert_eq!(weakness(&"correct horse battery staple ".repeat(30)), None);
    assert_eq!(weakness(&format!("{}!", "password".repeat(100))), Some(Weakness::Repeated));
}

#[test]
fn no_password_makes_much_work() {
    let substitutes = "4@8({[</369&#!1/|0$5+7%2x".repeat(40);
    let mut almost_one = "aaab".repeat(255);
    almost_one.push_str("aab");
    let noise: String = (0..1024_u32).map(|i| char::from(33 + u8::try_from((i * i + i / 7) % 90).unwrap())).collect();
    for text in [&substitutes[..1000], &substitutes[..100], &almost_one, &noise, &"1".repeat(1024), &"日本".repeat(170)]
    {
        let begun = Instant::now();
        let _either = weakness(text);
        // A debug build on a busy machine; without the bound it is a minute.
        assert!(begun.elapsed() < Duration::from_secs(3), "{} took {:?}", &text[..9], begun.elapsed());
    }
}

#[test]
fn the_phrases_are_written_as_they_are_looked_up() {
    for phrase in common::PHRASES {
        assert!(phrase.bytes().all(|b| b.is_ascii_lowercase()), "{phrase}");
    }
    assert!(common::PHRASES.windows(2).all(|pair| pair[0] < pair[1]), "in order, and none twice");
}

/// The list as a whole, as it stands and as people change it so that it fits.
#[test]
fn every_phrase_of_the_list_is_refused() {
    assert!(common::PHRASES.len() > 100);
    for phrase in common::PHRASES {
        let (first, rest) = phrase.split_at(1);
        let capital = format!("{}{rest}", first.to_uppercase());
        for text in [
            (*phrase).to_owned(),
            phrase.to_uppercase(),
            capital.clone(),
            format!("{capital}1!"),
            format!("{phrase}2024"),
        ] {
            let refused = crate::password::Password::chosen(&text, &CONTEXT, None);
            assert!(refused.is_err(), "{text}");
            // Those that are long enough for a password are refused for what they are.
            assert!(text.len() < 15 || weakness(&text).is_some(), "{text}");
        }
    }
}
