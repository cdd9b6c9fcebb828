package render

import "slices"

// apart is how many blanks stand between columns.
const apart = 2

// fit returns which columns a table of a width has room for, those first that matter most, in
// the order of the table. Zero is all the room that they need. The first one is always there.
func fit(columns []string, widths []int, important []string, width int) (some []int) {
	left := width + apart
	for _, name := range important {
		i := slices.Index(columns, name)
		if i < 0 {
			continue
		}
		if need := widths[i] + apart; width == 0 || need <= left || len(some) == 0 {
			left -= need
			some = append(some, i)
		}
	}
	slices.Sort(some)
	return some
}

// chosen are some of all.
func chosen[T any](all []T, some []int) []T {
	few := make([]T, len(some))
	for i, at := range some {
		few[i] = all[at]
	}
	return few
}

// placesOf are where columns stand among all.
func placesOf(all, names []string) []int {
	some := make([]int, len(names))
	for i, name := range names {
		some[i] = slices.Index(all, name)
	}
	return some
}

// choose leaves the columns that are shown.
func (l *Listing) choose(format Format) {
	some := placesOf(l.Columns, l.Columns)
	if len(l.Chosen) > 0 {
		some = placesOf(l.Columns, l.Chosen)
	}
	if format == Table && l.Width > 0 && len(l.Important) > 0 {
		widths := make([]int, len(some))
		for i, at := range some {
			widths[i] = widthOf(l.Columns[at])
			for _, row := range l.Rows {
				widths[i] = max(widths[i], widthOf(visible(row[at])))
			}
		}
		names := chosen(l.Columns, some)
		kept := fit(names, widths, l.Important, l.Width)
		if l.Left != nil && len(kept) < len(some) {
			shown := chosen(names, kept)
			l.Left(slices.DeleteFunc(names, func(name string) bool { return slices.Contains(shown, name) }))
		}
		some = chosen(some, kept)
	}
	if len(some) == len(l.Columns) && len(l.Chosen) == 0 {
		return
	}
	rows := make([][]string, len(l.Rows))
	for i, row := range l.Rows {
		rows[i] = chosen(row, some)
	}
	l.Columns, l.Rows = chosen(l.Columns, some), rows
}
