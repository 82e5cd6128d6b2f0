package baseline

// nodeHeap is a binary min-heap of nodes by weight, in which weights fall. It knows where
// each node lies, so that lowering a weight costs O(log V).
type nodeHeap struct {
	weight []float64 // by node; the caller's
	nodes  []int32
	place  []int32 // by node: its index in nodes, -1 = taken out
}

func newNodeHeap(weight []float64) *nodeHeap {
	h := &nodeHeap{weight: weight, nodes: make([]int32, len(weight)), place: make([]int32, len(weight))}
	for i := range h.nodes {
		h.nodes[i], h.place[i] = int32(i), int32(i)
	}
	for i := len(h.nodes)/2 - 1; i >= 0; i-- {
		h.down(i)
	}
	return h
}

// before orders by weight; between equals the lower node comes first.
func (h *nodeHeap) before(a, b int32) bool {
	if h.weight[a] != h.weight[b] {
		return h.weight[a] < h.weight[b]
	}
	return a < b
}

// pop takes out the lightest node. Its weight stays as it was.
func (h *nodeHeap) pop() int32 {
	top, last := h.nodes[0], h.nodes[len(h.nodes)-1]
	h.nodes = h.nodes[:len(h.nodes)-1]
	h.place[top] = -1
	if len(h.nodes) > 0 {
		h.put(0, last)
		h.down(0)
	}
	return top
}

// lower takes by from the weight of a node that is still in the heap.
func (h *nodeHeap) lower(node int32, by float64) {
	h.weight[node] -= by
	i := int(h.place[node])
	for i > 0 {
		up := (i - 1) / 2
		if !h.before(node, h.nodes[up]) {
			break
		}
		h.put(i, h.nodes[up])
		i = up
	}
	h.put(i, node)
}

func (h *nodeHeap) down(i int) {
	node := h.nodes[i]
	for {
		child := 2*i + 1
		if child >= len(h.nodes) {
			break
		}
		if r := child + 1; r < len(h.nodes) && h.before(h.nodes[r], h.nodes[child]) {
			child = r
		}
		if !h.before(h.nodes[child], node) {
			break
		}
		h.put(i, h.nodes[child])
		i = child
	}
	h.put(i, node)
}

func (h *nodeHeap) put(i int, node int32) {
	h.nodes[i], h.place[node] = node, int32(i)
}
