// Package lanes draws a graph of revisions next to a list of them, newest first: every
// revision is a point in a lane, and lines lead down from it to the revisions that it
// requires. Lineage (down revisions) and dependencies have lines of different kinds.
//
// The picture is rows of cells, as in a table: see [Rows]. A cell says only which lines
// cross it, so that the same rows can be written as text, see [Glyphs], or as an image.
//
// A lane leads to one revision, with lines of one kind. A line to a revision to which a lane
// leads already joins that lane, and a lane that has ended is used again; so a picture is
// about as wide as there are branches side by side. Everything takes time in proportion to
// the cells of the picture.
package lanes
