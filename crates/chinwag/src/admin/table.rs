//! Columns for people.

/// Lines of columns as wide as their widest cell, under their heads.
pub(super) fn table<const N: usize>(heads: [&str; N], rows: Vec<[String; N]>) -> String {
    let mut lines = vec![heads.map(str::to_owned)];
    lines.extend(rows);
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..N).map(width).collect();
    let mut text = String::new();
    for line in &lines {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// What there is, or a dash.
pub(super) fn or_dash(cell: Option<impl ToString>) -> String {
    cell.map_or_else(|| "-".to_owned(), |cell| cell.to_string())
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn columns_stand_below_their_heads() {
        let text = table(
            ["ID", "NAME"],
            vec![["1".to_owned(), "zoë".to_owned()], ["100".to_owned(), String::new()]],
        );
        assert_eq!(text, "ID   NAME\n1    zoë\n100\n");
    }
}
