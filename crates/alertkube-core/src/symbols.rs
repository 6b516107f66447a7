//! Names as 4-byte symbols: each text is kept once, and freed when its last user lets go.

use std::collections::BTreeMap;
use std::sync::Arc;

/// A text of [`Symbols`]; the default is the empty text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Symbol(u32);

/// Counted texts.
#[derive(Debug, Default)]
pub(crate) struct Symbols {
    by_text: BTreeMap<Arc<str>, Symbol>,
    slots: Vec<(Arc<str>, u32)>,
    free: Vec<Symbol>,
}

impl Symbols {
    /// Takes one more hold of a text.
    pub(crate) fn take(&mut self, text: &str) -> Symbol {
        if text.is_empty() {
            return Symbol::default();
        }
        if let Some(symbol) = self.by_text.get(text) {
            self.slots[symbol.0 as usize - 1].1 += 1;
            return *symbol;
        }
        let text: Arc<str> = text.into();
        let symbol = match self.free.pop() {
            Some(symbol) => {
                self.slots[symbol.0 as usize - 1] = (Arc::clone(&text), 1);
                symbol
            }
            None => {
                self.slots.push((Arc::clone(&text), 1));
                Symbol(u32::try_from(self.slots.len()).expect("fewer than 2^32 texts fit into memory"))
            }
        };
        self.by_text.insert(text, symbol);
        symbol
    }

    /// Holds another text in place of the one that is held; nothing is looked up when it is the same.
    pub(crate) fn exchange(&mut self, held: &mut Symbol, text: &str) {
        if self.text(*held) != text {
            self.release(*held);
            *held = self.take(text);
        }
    }

    /// Lets go of one hold; the last one frees the text.
    pub(crate) fn release(&mut self, symbol: Symbol) {
        let Some(slot) = (symbol.0 as usize).checked_sub(1).and_then(|at| self.slots.get_mut(at)) else {
            return;
        };
        slot.1 = slot.1.saturating_sub(1);
        if slot.1 == 0 {
            let text = std::mem::replace(&mut slot.0, "".into());
            self.by_text.remove(&text);
            self.free.push(symbol);
        }
    }

    pub(crate) fn text(&self, symbol: Symbol) -> &str {
        (symbol.0 as usize).checked_sub(1).and_then(|at| self.slots.get(at)).map_or("", |slot| &slot.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_once_and_freed_with_its_last_user() {
        let mut symbols = Symbols::default();
        let a = symbols.take("shop");
        assert_eq!(symbols.take("shop"), a);
        symbols.release(a);
        assert_eq!(symbols.text(a), "shop");
        symbols.release(a);
        assert_eq!(symbols.text(a), "");
        let b = symbols.take("bank");
        assert_eq!((b, symbols.text(b)), (a, "bank"));
        assert_eq!(symbols.take(""), Symbol::default());
    }

    #[test]
    fn an_exchange_lets_go_of_the_text_before_and_holds_the_same_one_once() {
        let mut symbols = Symbols::default();
        let mut held = Symbol::default();
        symbols.exchange(&mut held, "shop");
        let shop = held;
        symbols.exchange(&mut held, "shop");
        assert_eq!((held, symbols.text(held)), (shop, "shop"));
        symbols.exchange(&mut held, "bank");
        assert_eq!((symbols.text(held), symbols.by_text.len()), ("bank", 1));
        symbols.exchange(&mut held, "");
        assert_eq!((held, symbols.by_text.len()), (Symbol::default(), 0));
    }
}
