package baseline

import "math"

// Bipartite is an unweighted bipartite graph in compressed rows; an edge counts once.
// Nodes are numbered rows first, then columns.
type Bipartite struct {
	rows, cols int
	start      []int32 // by node, into next; one longer than nodes
	next       []int32 // neighbours
}

// Edge joins a row and a column, both counted from 0.
type Edge struct{ Row, Col int32 }

// Block is a set of rows and columns and its density: the weight of the edges inside,
// divided by the number of rows and columns.
type Block struct {
	Rows, Cols []int32 // ascending
	Density    float64
}

// NewBipartite builds the graph. Edges must be distinct.
func NewBipartite(rows, cols int, edges []Edge) *Bipartite {
	g := &Bipartite{rows: rows, cols: cols, start: make([]int32, rows+cols+1), next: make([]int32, 2*len(edges))}
	for _, e := range edges {
		g.start[e.Row+1]++
		g.start[int32(rows)+e.Col+1]++
	}
	for i := range rows + cols {
		g.start[i+1] += g.start[i]
	}
	fill := append([]int32(nil), g.start...)
	for _, e := range edges {
		r, c := e.Row, int32(rows)+e.Col
		g.next[fill[r]], g.next[fill[c]] = c, r
		fill[r]++
		fill[c]++
	}
	return g
}

// Densest returns the densest block that greedy peeling finds, with FRAUDAR's column
// weights 1/log(degree+5): of all sets on the way from the whole graph to nothing, taking
// away the node with the least weight left, the densest. Its density is at least half of
// the best that any set has (Charikar 2000; FRAUDAR, theorem 1). Ties go to the lower node.
//
// Cost: O(E log V).
func (g *Bipartite) Densest() Block {
	n := g.rows + g.cols
	weight := g.columnWeights()
	left := make([]float64, n) // weight of a node's edges to nodes that are still there
	total := 0.0
	for r := range g.rows {
		for _, c := range g.of(int32(r)) {
			w := weight[int(c)-g.rows]
			left[r] += w
			left[c] += w
			total += w
		}
	}
	h := newNodeHeap(left)
	order := make([]int32, 0, n)
	best, keep := total/float64(max(n, 1)), n // density with the last keep nodes of the order
	for size := n - 1; size >= 0; size-- {
		u := h.pop()
		order = append(order, u)
		total -= left[u]
		for _, v := range g.of(u) {
			if h.place[v] >= 0 {
				h.lower(v, weight[max(int(u), int(v))-g.rows])
			}
		}
		if size > 0 && total/float64(size) > best {
			best, keep = total/float64(size), size
		}
	}
	return g.block(order[n-keep:], weight)
}

// columnWeights are FRAUDAR's, by column: what many share says little. The 5 keeps the
// weight of columns with few edges from dominating (its section 4.3).
func (g *Bipartite) columnWeights() []float64 {
	w := make([]float64, g.cols)
	for c := range w {
		w[c] = 1 / math.Log(float64(len(g.of(int32(g.rows+c)))+5))
	}
	return w
}

func (g *Bipartite) of(node int32) []int32 { return g.next[g.start[node]:g.start[node+1]] }

// block orders a set of nodes and sums its weight afresh.
func (g *Bipartite) block(nodes []int32, weight []float64) Block {
	in := make([]bool, g.rows+g.cols)
	for _, u := range nodes {
		in[u] = true
	}
	var b Block
	total := 0.0
	for r := range g.rows {
		if !in[r] {
			continue
		}
		b.Rows = append(b.Rows, int32(r))
		for _, c := range g.of(int32(r)) {
			if in[c] {
				total += weight[int(c)-g.rows]
			}
		}
	}
	for c := range g.cols {
		if in[g.rows+c] {
			b.Cols = append(b.Cols, int32(c))
		}
	}
	b.Density = total / float64(max(len(nodes), 1))
	return b
}

// without returns the graph without the edges inside a block.
func (g *Bipartite) without(b Block) *Bipartite {
	in := make([]bool, g.rows+g.cols)
	for _, r := range b.Rows {
		in[r] = true
	}
	for _, c := range b.Cols {
		in[g.rows+int(c)] = true
	}
	out := &Bipartite{rows: g.rows, cols: g.cols, start: make([]int32, len(g.start)), next: make([]int32, 0, len(g.next))}
	for u := range g.rows + g.cols {
		for _, v := range g.of(int32(u)) {
			if !in[u] || !in[v] {
				out.next = append(out.next, v)
			}
		}
		out.start[u+1] = int32(len(out.next))
	}
	return out
}

// Blocks returns up to n blocks, each found in what the ones before left of the edges, as
// the authors' code detects several: rows and columns may occur in more than one. It ends
// early with the first block that is less dense than least.
func (g *Bipartite) Blocks(n int, least float64) []Block {
	var blocks []Block
	for len(blocks) < n {
		b := g.Densest()
		if len(b.Rows) == 0 || b.Density <= 0 || b.Density < least {
			break
		}
		blocks = append(blocks, b)
		g = g.without(b)
	}
	return blocks
}
