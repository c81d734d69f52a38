//! How a report is shown on a terminal.

use std::io::IsTerminal;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};

use crate::report::Screen;

/// The flags that say how a report is shown.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct ShowArguments {
    /// Show every case that needs reading in full, and not one of each kind
    #[arg(long, env = "PTERO_VERBOSE", hide_env_values = true, value_parser = BoolishValueParser::new())]
    verbose: bool,
    /// Whether colours are used; by default on a terminal, unless `NO_COLOR` is set
    #[arg(
        long,
        value_name = "WHEN",
        env = "PTERO_COLOR",
        hide_env_values = true,
        default_value = "auto"
    )]
    color: Color,
}

/// When colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl ShowArguments {
    /// The screen that standard output is.
    pub(crate) fn screen(self) -> Screen {
        let is_terminal = std::io::stdout().is_terminal();
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let screen = Screen {
            in_colour: match self.color {
                Color::Always => true,
                Color::Never => false,
                Color::Auto => is_terminal && !no_color,
            },
            verbose: self.verbose,
            ..Screen::default()
        };
        if is_terminal { screen.fitted() } else { screen }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_is_what_the_flags_say() {
        let screen = |verbose, color| {
            let screen = ShowArguments { verbose, color }.screen();
            (screen.verbose, screen.in_colour)
        };
        assert_eq!(screen(true, Color::Never), (true, false));
        assert_eq!(screen(false, Color::Always), (false, true));
    }
}
