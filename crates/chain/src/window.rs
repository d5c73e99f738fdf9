use crate::Block;
use alloy::primitives::B256;
use std::collections::VecDeque;

/// The last blocks of the canonical chain, as we know it. Pure: somebody else fetches.
///
/// The window always holds at least one block, its blocks are linked by parent hashes, and its numbers are consecutive.
///
/// # Protocol
/// Ask [`Window::want`] with the number of the chain's tip which block to fetch by number, hand it to
/// [`Window::offer`], act on the [`Step`], repeat until `want` is `None`. When the tip is not above our head,
/// [`Window::notice`] finds out whether it is on our branch.
#[derive(Clone, Debug)]
pub struct Window {
    /// Oldest first.
    blocks: VecDeque<Block>,
    head: Block,
    capacity: usize,
    /// While we look for the last common block: the number to compare next.
    probing: Option<u64>,
}

/// What an offered block did to the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The block extends the canonical chain and is the new head.
    Applied(Block),
    /// The chain left our branch: everything above `to` is undone. `dropped` lists it, highest first.
    Rollback {
        /// The last common block, our head now.
        to: Block,
        /// The blocks that are no longer canonical, highest first.
        dropped: Vec<Block>,
    },
    /// Nothing to do for the caller yet; ask [`Window::want`] again.
    Searching,
}

/// What no window can explain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WindowError {
    /// The chain was rewritten below the oldest block we remember. Derived data cannot be repaired by rollback.
    #[error(
        "reorg deeper than the window: block {oldest} ({oldest_hash}) is no longer canonical, our head was {head}; \
         stop, check the endpoints, and rebuild from a block that is final"
    )]
    TooDeep {
        /// Number of the oldest block remembered.
        oldest: u64,
        /// Its hash.
        oldest_hash: B256,
        /// Number of our head.
        head: u64,
    },
    /// A block was offered that nobody asked for.
    #[error("block {offered} was offered, {wanted} was wanted")]
    Unexpected {
        /// The number offered.
        offered: u64,
        /// The number wanted.
        wanted: u64,
    },
    /// Blocks to resume from are not consecutive or not linked, or there are none.
    #[error("the blocks to resume from are not one linked chain (at block {0})")]
    Unlinked(u64),
}

impl Window {
    /// A window that remembers up to `capacity` blocks (at least 2), starting from one block taken as canonical.
    #[must_use]
    pub fn new(start: Block, capacity: usize) -> Self {
        Self {
            blocks: VecDeque::from([start.clone()]),
            head: start,
            capacity: capacity.max(2),
            probing: None,
        }
    }

    /// Continues from stored blocks, oldest first; only the last `capacity` are kept.
    ///
    /// # Errors
    /// [`WindowError::Unlinked`] when they are not one chain.
    pub fn resume(
        blocks: impl IntoIterator<Item = Block>,
        capacity: usize,
    ) -> Result<Self, WindowError> {
        let mut blocks = blocks.into_iter();
        let mut window = Self::new(blocks.next().ok_or(WindowError::Unlinked(0))?, capacity);
        for block in blocks {
            let number = block.number;
            match window.offer(block) {
                Ok(Step::Applied(_)) => {}
                _ => return Err(WindowError::Unlinked(number)),
            }
        }
        Ok(window)
    }

    /// The highest block applied.
    #[must_use]
    pub fn head(&self) -> &Block {
        &self.head
    }

    /// The lowest block remembered: how far a reorg can be followed.
    #[must_use]
    pub fn oldest(&self) -> &Block {
        self.blocks.front().unwrap_or(&self.head)
    }

    /// Blocks remembered, oldest first.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.blocks.iter()
    }

    /// The remembered block of that number.
    #[must_use]
    pub fn get(&self, number: u64) -> Option<&Block> {
        let offset = number.checked_sub(self.oldest().number)?;
        self.blocks.get(usize::try_from(offset).ok()?)
    }

    /// The highest block number that has `depth` blocks on top of it, if the chain is that long.
    #[must_use]
    pub fn final_number(&self, depth: u64) -> Option<u64> {
        self.head.number.checked_sub(depth)
    }

    /// The number of the block to fetch next, when the chain's tip is at `tip`.
    #[must_use]
    pub fn want(&self, tip: u64) -> Option<u64> {
        match self.probing {
            Some(number) => Some(number),
            None => Some(self.head.number.checked_add(1)?).filter(|next| *next <= tip),
        }
    }

    /// Looks at the chain's tip. Returns `false` when the tip is below everything we remember, so nothing can be said.
    pub fn notice(&mut self, tip: &Block) -> bool {
        if self.probing.is_some() || tip.number > self.head.number {
            return true;
        }
        match self.get(tip.number) {
            // On our branch: the endpoint is behind, or nothing happened.
            Some(ours) if ours.hash == tip.hash => true,
            Some(_) => {
                self.probing = Some(tip.number);
                true
            }
            None => false,
        }
    }

    /// Takes the canonical block of the number that [`Window::want`] named.
    ///
    /// # Errors
    /// [`WindowError::TooDeep`] when no remembered block is canonical any more; the window stays as it was, and will
    /// say so again. [`WindowError::Unexpected`] when the number is another one.
    pub fn offer(&mut self, block: Block) -> Result<Step, WindowError> {
        let wanted = self
            .probing
            .unwrap_or_else(|| self.head.number.saturating_add(1));
        if block.number != wanted {
            return Err(WindowError::Unexpected {
                offered: block.number,
                wanted,
            });
        }
        if self.probing.is_none() {
            if block.parent_hash != self.head.hash {
                self.probing = Some(self.head.number);
                return Ok(Step::Searching);
            }
            if self.blocks.len() >= self.capacity {
                self.blocks.pop_front();
            }
            self.blocks.push_back(block.clone());
            self.head = block.clone();
            return Ok(Step::Applied(block));
        }
        if self
            .get(block.number)
            .is_some_and(|ours| ours.hash == block.hash)
        {
            self.probing = None;
            let mut dropped = Vec::new();
            while self
                .blocks
                .back()
                .is_some_and(|last| last.number > block.number)
            {
                dropped.extend(self.blocks.pop_back());
            }
            self.head = block.clone();
            if dropped.is_empty() {
                // The tip only flickered: another endpoint's branch, seen once.
                return Ok(Step::Searching);
            }
            return Ok(Step::Rollback { to: block, dropped });
        }
        let oldest = self.oldest();
        if block.number <= oldest.number {
            let error = WindowError::TooDeep {
                oldest: oldest.number,
                oldest_hash: oldest.hash,
                head: self.head.number,
            };
            // Look again from the top next time: a halt must be repeatable, not a state.
            self.probing = Some(self.head.number);
            return Err(error);
        }
        self.probing = Some(block.number.saturating_sub(1));
        Ok(Step::Searching)
    }
}
