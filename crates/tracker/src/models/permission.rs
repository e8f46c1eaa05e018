//! Who may do what: one table, which every address and every check asks.
//!
//! [`docs/tracker-permissions.md`](../../../../docs/tracker-permissions.md) is this table in
//! prose; a test keeps the two the same, and another walks every address as every role.

use serde::Serialize;
use std::fmt;

macro_rules! named {
    ($(#[$meta:meta])* $name:ident, $all:literal: $($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $name {
            /// All of them, in order.
            pub const ALL: [Self; $all] = [$(Self::$variant),*];

            /// Its name in texts, in the database and in JSON.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            /// The one with this name.
            pub fn of_name(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|one| one.name() == name)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

named! {
    /// What somebody is here.
    Role, 6:
    /// Nobody has signed in.
    Anonymous = "anonymous",
    /// Somebody who has signed in.
    User = "user",
    /// The rolling head names them as a maintainer, or as a member of a team.
    Maintainer = "maintainer",
    /// They may commit to nixpkgs.
    Committer = "committer",
    /// A member of the security team.
    SecurityTeam = "security-team",
    /// They run the service.
    Admin = "admin",
}

impl Role {
    /// Whether it is given to an account, by a person or by membership in a team on GitHub; the
    /// others follow from what is known.
    pub const fn is_granted(self) -> bool {
        matches!(self, Self::Committer | Self::SecurityTeam | Self::Admin)
    }
}

named! {
    /// What a token may be used for.
    Scope, 5:
    /// To read what its owner may read.
    Read = "read",
    /// To decide on suggestions, and to change the data of packages.
    Triage = "triage",
    /// To write and publish advisories.
    Publish = "publish",
    /// To read the service's measurements.
    Metrics = "metrics",
    /// To run jobs.
    Jobs = "jobs",
}

named! {
    /// What can be done.
    Action, 20:
    /// See CVEs, packages, channels, people, advisories and statistics.
    Read = "read",
    /// Sign in, and out again.
    SignIn = "sign-in",
    /// Deliver an event of GitHub; its signature is checked, not who sends it.
    Deliver = "deliver",
    /// Change one's own sessions, tokens, password and settings.
    OwnAccount = "own-account",
    /// Subscribe to packages, and read one's notifications.
    Subscribe = "subscribe",
    /// See suggestions that nobody has decided on.
    SeeQueue = "see-queue",
    /// Comment.
    Comment = "comment",
    /// Propose a decision, which the security team confirms.
    Propose = "propose",
    /// Set the status of a package in a channel, with its reason.
    SetStatus = "set-status",
    /// Accept, dismiss, assign and restore suggestions.
    Triage = "triage",
    /// Write drafts of advisories.
    WriteAdvisory = "write-advisory",
    /// Publish, revise and withdraw advisories.
    Publish = "publish",
    /// Say what is the same software and what never is.
    EditKnowledge = "edit-knowledge",
    /// Close suggestions by a rule.
    CloseByRule = "close-by-rule",
    /// Merge and split packages.
    EditPackages = "edit-packages",
    /// See which jobs run, and what became of them.
    SeeJobs = "see-jobs",
    /// Start and stop jobs.
    RunJobs = "run-jobs",
    /// See accounts, give them roles and disable them.
    ManageAccounts = "manage-accounts",
    /// Erase texts and personal data from the history.
    Erase = "erase",
    /// Read the service's measurements.
    SeeMetrics = "see-metrics",
}

/// What a role may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grant {
    /// Nothing.
    Never,
    /// What concerns their own packages.
    Own,
    /// All of it.
    Always,
}

impl Grant {
    /// How the table shows it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Never => "no",
            Self::Own => "their own",
            Self::Always => "yes",
        }
    }
}

impl Action {
    /// **The table.** In the order of [`Role::ALL`]: anonymous, user, maintainer, committer,
    /// security team, admin.
    const fn row(self) -> [Grant; 6] {
        use Grant::{Always as Y, Never as N, Own as O};
        match self {
            Self::Read | Self::SignIn | Self::Deliver => [Y, Y, Y, Y, Y, Y],
            Self::OwnAccount | Self::Subscribe => [N, Y, Y, Y, Y, Y],
            Self::SeeQueue | Self::Comment | Self::Propose => [N, N, O, Y, Y, Y],
            Self::SetStatus => [N, N, O, N, Y, Y],
            Self::Triage | Self::WriteAdvisory | Self::EditPackages | Self::SeeJobs => [N, N, N, Y, Y, Y],
            Self::Publish | Self::EditKnowledge | Self::CloseByRule | Self::RunJobs => [N, N, N, N, Y, Y],
            Self::ManageAccounts | Self::Erase | Self::SeeMetrics => [N, N, N, N, N, Y],
        }
    }

    /// What a role may.
    pub const fn grant(self, role: Role) -> Grant {
        self.row()[role as usize]
    }

    /// The scope that a token needs; what has none cannot be done with a token.
    pub const fn scope(self) -> Option<Scope> {
        match self {
            Self::Read | Self::SeeQueue | Self::SeeJobs | Self::Deliver => Some(Scope::Read),
            Self::Comment | Self::Propose | Self::SetStatus | Self::Triage | Self::EditPackages => {
                Some(Scope::Triage)
            }
            Self::WriteAdvisory | Self::Publish => Some(Scope::Publish),
            Self::RunJobs => Some(Scope::Jobs),
            Self::SeeMetrics => Some(Scope::Metrics),
            Self::SignIn
            | Self::OwnAccount
            | Self::Subscribe
            | Self::EditKnowledge
            | Self::CloseByRule
            | Self::ManageAccounts
            | Self::Erase => None,
        }
    }

    /// What it is, as a sentence's end: "may …".
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Read => "see CVEs, packages, channels, people, advisories and statistics",
            Self::SignIn => "sign in",
            Self::Deliver => "deliver an event of GitHub (its signature is checked)",
            Self::OwnAccount => "change their own sessions, tokens, password and settings",
            Self::Subscribe => "subscribe to packages and read their notifications",
            Self::SeeQueue => "see suggestions that nobody has decided on",
            Self::Comment => "comment",
            Self::Propose => "propose a decision, which the security team confirms",
            Self::SetStatus => "set the status of a package in a channel, with its reason",
            Self::Triage => "accept, dismiss, assign and restore suggestions",
            Self::WriteAdvisory => "write drafts of advisories",
            Self::Publish => "publish, revise and withdraw advisories",
            Self::EditKnowledge => "say what is the same software and what never is",
            Self::CloseByRule => "close suggestions by a rule",
            Self::EditPackages => "merge and split packages",
            Self::SeeJobs => "see which jobs run, and what became of them",
            Self::RunJobs => "start and stop jobs",
            Self::ManageAccounts => "see accounts, give them roles and disable them",
            Self::Erase => "erase texts and personal data from the history",
            Self::SeeMetrics => "read the service's measurements",
        }
    }
}

/// The roles that somebody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Roles(u8);

impl Roles {
    /// Those of nobody.
    pub const ANONYMOUS: Self = Self(1 << Role::Anonymous as u8);
    /// Those of somebody who has signed in, and is nothing more.
    pub const USER: Self = Self(1 << Role::User as u8);

    /// With one more.
    #[must_use]
    pub const fn with(self, role: Role) -> Self {
        Self(self.0 | 1 << role as u8)
    }

    /// Whether this is one of them.
    pub const fn has(self, role: Role) -> bool {
        self.0 & (1 << role as u8) != 0
    }

    /// Each of them, in order.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.has(*role))
    }

    /// What they may, together.
    pub fn grant(self, action: Action) -> Grant {
        self.iter().map(|role| action.grant(role)).max().unwrap_or(Grant::Never)
    }
}

impl Serialize for Roles {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// The table in Markdown, as the manual has it.
pub fn table() -> String {
    use std::fmt::Write as _;
    let mut text = String::from("| action | who may … |");
    for role in Role::ALL {
        let _ = write!(text, " {role} |");
    }
    text.push_str(" token's scope |\n|---|---|---|---|---|---|---|---|---|\n");
    for action in Action::ALL {
        let _ = write!(text, "| `{action}` | {} |", action.sentence());
        for role in Role::ALL {
            let _ = write!(text, " {} |", action.grant(role).name());
        }
        let scope = action.scope().map_or_else(|| "none".to_owned(), |scope| format!("`{scope}`"));
        let _ = writeln!(text, " {scope} |");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back() {
        for action in Action::ALL {
            assert_eq!(Action::of_name(action.name()), Some(action));
        }
        for role in Role::ALL {
            assert_eq!(Role::of_name(role.name()), Some(role));
        }
        assert_eq!(Role::of_name("Admin"), None);
    }

    #[test]
    fn more_roles_never_take_away() {
        for action in Action::ALL {
            for first in Role::ALL {
                for second in Role::ALL {
                    let both = Roles::USER.with(first).with(second).grant(action);
                    assert!(both >= action.grant(first) && both >= action.grant(second));
                }
            }
        }
        assert_eq!(Roles::USER.grant(Action::Triage), Grant::Never);
        assert_eq!(Roles::USER.with(Role::Maintainer).grant(Action::SetStatus), Grant::Own);
    }

    /// What changes anything is refused to those who have not signed in.
    #[test]
    fn strangers_only_read() {
        let allowed: Vec<Action> = Action::ALL
            .into_iter()
            .filter(|action| Roles::ANONYMOUS.grant(*action) != Grant::Never)
            .collect();
        assert_eq!(allowed, [Action::Read, Action::SignIn, Action::Deliver]);
    }
}
