//! Words that nearly every object uses, kept without memory of their own.

use std::borrow::Cow;
use std::ops::Deref;

/// A text that is nearly always one of a few: the status of a condition, the phase of a pod, the kind of an owner. An
/// object has a dozen of them, and an allocation costs more than reading one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word(Cow<'static, str>);

macro_rules! known {
    ($($word:literal)*) => {
        fn known(text: &str) -> Option<&'static str> {
            match text {
                $($word => Some($word),)*
                _ => None,
            }
        }
    };
}

known! {
    "True" "False" "Unknown"
    "Ready" "Initialized" "ContainersReady" "PodScheduled" "PodReadyToStartContainers"
    "MemoryPressure" "DiskPressure" "PIDPressure" "NetworkUnavailable"
    "Available" "Progressing" "ReplicaFailure" "Complete" "Failed" "SuccessCriteriaMet"
    "Pending" "Running" "Succeeded"
    "Always" "OnFailure" "Never"
    "Deployment" "ReplicaSet" "StatefulSet" "DaemonSet" "Job" "CronJob" "Node" "Pod"
}

impl From<&str> for Word {
    fn from(text: &str) -> Word {
        Word(known(text).map_or_else(|| Cow::Owned(text.to_owned()), Cow::Borrowed))
    }
}

impl Deref for Word {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_its_text_whether_or_not_it_is_known() {
        for text in ["", "True", "true", "ReplicaSet", "example.com/Gate", "ü"] {
            assert_eq!(&*Word::from(text), text);
        }
        assert!(matches!(Word::from("Running").0, Cow::Borrowed("Running")));
        assert!(matches!(Word::from("Runnin").0, Cow::Owned(_)));
        assert_eq!(Word::from("Rollout").clone(), Word::from("Rollout"));
        assert_ne!(Word::from("True"), Word::from("False"));
    }
}
