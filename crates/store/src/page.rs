//! Keyset pagination: a page costs the same at the end of a table as at its start.

use crate::{
    Error, Reader, Result,
    value::{Column as _, Row, Value, select},
};
use alloy::hex;

/// Which page.
#[derive(Debug, Clone, Default)]
pub struct PageRequest {
    /// What the page before said in `next`; none for the first.
    pub cursor: Option<String>,
    /// At most this many items, 1 to 500; 0 means 50.
    pub limit: u32,
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// What to ask for next, unless this was the last page.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// The same page of other things.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(f).collect(),
            next: self.next,
        }
    }
}

impl Reader {
    /// `filter` uses `$1..$n` of `values`; `order` are columns of `R` that together are unique.
    pub(crate) async fn page<R: Row>(
        &self,
        filter: &'static str,
        mut values: Vec<Value>,
        order: &[&'static str],
        descending: bool,
        page: &PageRequest,
    ) -> Result<Page<R>> {
        let limit = if page.limit == 0 {
            50
        } else {
            page.limit.min(500)
        };
        let (than, direction) = if descending {
            ("<", " DESC")
        } else {
            (">", "")
        };
        let mut tail = format!("WHERE ({filter})");
        if let Some(cursor) = &page.cursor {
            let after = decode(cursor, order.len())?;
            let marks: Vec<_> = (1..=after.len())
                .map(|i| format!("${}", values.len() + i))
                .collect();
            tail += &format!(" AND ({}) {than} ({})", order.join(", "), marks.join(", "));
            values.extend(after);
        }
        let by: Vec<_> = order.iter().map(|c| format!("{c}{direction}")).collect();
        tail += &format!(" ORDER BY {} LIMIT ${}", by.join(", "), values.len() + 1);
        values.push((limit + 1).to_value());
        let mut items: Vec<R> = select(&mut *self.pool.acquire().await?, &tail, values).await?;
        let more = items.len() > limit as usize;
        items.truncate(limit as usize);
        let next = items
            .last()
            .filter(|_| more)
            .map(|last| encode(last, order))
            .transpose()?;
        Ok(Page { items, next })
    }
}

fn encode<R: Row>(row: &R, order: &[&'static str]) -> Result<String> {
    let values = row.to_values();
    let key: Vec<_> = order
        .iter()
        .filter_map(|column| R::SPEC.columns.iter().position(|c| c == column))
        .filter_map(|index| values.get(index))
        .collect();
    Ok(hex::encode(serde_json::to_vec(&key)?))
}

fn decode(cursor: &str, len: usize) -> Result<Vec<Value>> {
    let bytes = hex::decode(cursor).map_err(|_| Error::BadCursor)?;
    let values: Vec<Value> = serde_json::from_slice(&bytes).map_err(|_| Error::BadCursor)?;
    if values.len() == len {
        Ok(values)
    } else {
        Err(Error::BadCursor)
    }
}
