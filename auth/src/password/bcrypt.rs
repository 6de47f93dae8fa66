//! Hashes that other programs made with bcrypt. They are verified, never made.

use super::chosen::Password;
use std::ops::RangeInclusive;

/// The costs that are obeyed: each one more doubles the work. 14 takes about a second.
const COSTS: RangeInclusive<u32> = 4..=14;
/// What bcrypt reads of a password, in bytes.
const READS: usize = 72;

/// The cost of a bcrypt hash, whether it is within bounds or not. Nothing if it is no bcrypt hash of
/// a kind that is verified (`$2a$`, `$2b$`, `$2y$`: one algorithm; `$2x$` names a flawed one).
pub(super) fn cost(text: &str) -> Option<u32> {
    // The library takes a sign for a digit.
    let [b'$', b'2', b'a' | b'b' | b'y', b'$', b'0'..=b'9', b'0'..=b'9', b'$', ..] = text.as_bytes() else {
        return None;
    };
    text.parse::<bcrypt::HashParts>().ok().map(|parts| parts.get_cost())
}

/// Whether a cost is within bounds.
pub(super) fn is_bounded(cost: u32) -> bool {
    COSTS.contains(&cost)
}

/// Whether `password` is the one that the hash was made from.
///
/// Those who made such hashes let bcrypt cut off what is longer than it reads, so that everything
/// with the same beginning opened the account. Here a longer one is never right; the same goes for
/// one with a NUL, which bcrypt takes for the beginning of a repetition. It costs the same. What is
/// verified is the password's composed form (NFC), as everywhere; those programs took it as it came,
/// which for almost all keyboards is the same.
pub(super) fn verify(password: &Password, text: &str) -> bool {
    let bytes = password.as_bytes();
    let whole = bytes.len() <= READS && !bytes.contains(&0);
    let read = &bytes[..bytes.len().min(READS)];
    bcrypt::verify(read, text).unwrap_or(false) && whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Password {
        Password::typed(text).unwrap()
    }

    #[test]
    fn hashes_of_other_programs_are_understood() {
        // The first two are test vectors of jBCrypt, the others were made by Python's bcrypt.
        for (hash, password) in [
            ("$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe", "a"),
            ("$2a$08$aTsUwsyowQuzRrDqFflhgekJ8d9/7Z3GV3UcgvzQW3J5zMyrTvlz.", "abcdefghijklmnopqrstuvwxyz"),
            ("$2b$05$HITtQ9J.J7R/j2TLWTAnv.njCfQbcoL9aMI2/4PER0LocDOqT3tFO", "zażółć gęślą jaźń"),
            ("$2b$04$QdrD/wrcv5r0gE36qBIlOue25kMeK8LpDqMObTiUBVWhBDo8tL1AG", "her password"),
        ] {
            for kind in ["$2a$", "$2b$", "$2y$"] {
                let hash = format!("{kind}{}", &hash[4..]);
                assert!(cost(&hash).is_some_and(is_bounded), "{hash}");
                assert!(verify(&typed(password), &hash), "{hash}");
                assert!(!verify(&typed("b"), &hash), "{hash}");
            }
        }
    }

    #[test]
    fn what_bcrypt_would_cut_off_or_repeat_is_not_right() {
        let long = "0123456789".repeat(8);
        let hash = bcrypt::hash(&long, 4).unwrap();
        assert!(verify(&typed(&long[..72]), &hash), "all that was ever hashed of it");
        assert!(!verify(&typed(&long[..73]), &hash));
        assert!(!verify(&typed(&long), &hash));
        assert!(!verify(&typed(&long[..71]), &hash));
        let hash = bcrypt::hash("alice", 4).unwrap();
        assert!(bcrypt::verify("alice\0alice", &hash).unwrap(), "this is what the check is for");
        assert!(!verify(&typed("alice\0alice"), &hash));
    }

    #[test]
    fn what_is_no_such_hash_has_no_cost() {
        let good = "$2b$12$L6Bc/AlTQHyd9liGgGEZyOFLPHNgyxeEPfgYfBCVxJ7JIlwxyVU3u";
        assert_eq!(cost(good), Some(12));
        let long = format!("{good}x");
        let otherwise = |cost: &str| good.replace("12", cost);
        for bad in
            ["", "$2b$", &good.replace("2b", "2x"), &good[..59], &long, &otherwise("1x"), &otherwise("+4"), "$2b$é"]
        {
            assert_eq!(cost(bad), None, "{bad}");
        }
        assert!(!is_bounded(3) && is_bounded(4) && is_bounded(14) && !is_bounded(15));
    }
}
