package decision

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/iolaus-io/iolaus/pkg/wire"
)

// View is the state: every account that was ever decided about, every cluster and its
// members. One goroutine applies records; any number read.
type View struct {
	mu       sync.RWMutex
	accounts map[string]*account
	clusters map[string]*cluster
	progress progress
}

type cluster struct {
	score   *wire.ClusterScore // nil until scored
	members map[string]wire.Member
}

// NewView is empty and loading.
func NewView() *View {
	return &View{accounts: map[string]*account{}, clusters: map[string]*cluster{}, progress: newProgress()}
}

// apply takes one record; an empty value removes what the key names. An error means that
// the record is not understood and was left out.
//
// standing is the header wire.HeaderStanding of a decision, nil where it has none.
func (v *View) apply(topic string, key, value, standing []byte) error {
	switch topic {
	case wire.TopicDecisions:
		return v.applyDecision(string(key), value, standing)
	case wire.TopicClusterScores:
		return v.applyClusterScore(string(key), value)
	case wire.TopicMembers:
		return v.applyMember(key, value)
	default:
		return fmt.Errorf("records of topic %q are not expected", topic)
	}
}

func (v *View) applyDecision(key string, value, standing []byte) error {
	d := new(wire.Decision)
	before, err := wire.ParseStanding(standing)
	if err != nil {
		return fmt.Errorf("decision of account %q: %w", key, err)
	}
	if len(value) > 0 {
		if err := json.Unmarshal(value, d); err != nil {
			return fmt.Errorf("decoding decision of account %q: %w", key, err)
		}
		if d.AccountID == "" || d.AccountID != key {
			return fmt.Errorf("decision of account %q has key %q", d.AccountID, key)
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(value) == 0 {
		v.forget(key)
		return nil
	}
	v.progress.sawEvent(d.EventTS)
	a := v.account(key)
	if before != nil {
		if err := a.stood(before); err != nil {
			return err
		}
	}
	return a.apply(d)
}

// forget drops the decisions about an account; where it is a member comes from elsewhere.
func (v *View) forget(id string) {
	a, ok := v.accounts[id]
	if !ok {
		return
	}
	if a.cluster == "" {
		delete(v.accounts, id)
		return
	}
	v.accounts[id] = &account{cluster: a.cluster, joined: a.joined}
}

func (v *View) applyClusterScore(key string, value []byte) error {
	s := new(wire.ClusterScore)
	if len(value) > 0 {
		if err := json.Unmarshal(value, s); err != nil {
			return fmt.Errorf("decoding score of cluster %q: %w", key, err)
		}
		if s.ClusterID == "" || s.ClusterID != key {
			return fmt.Errorf("score of cluster %q has key %q", s.ClusterID, key)
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(value) == 0 {
		if c, ok := v.clusters[key]; ok {
			c.score = nil
			v.dropEmpty(key, c)
		}
		return nil
	}
	v.progress.sawEvent(s.TS)
	v.cluster(key).score = s
	return nil
}

func (v *View) applyMember(key, value []byte) error {
	clusterID, accountID, ok := bytes.Cut(key, []byte("|"))
	if !ok || len(clusterID) == 0 || len(accountID) == 0 {
		return fmt.Errorf("membership key %q is not cluster|account", key)
	}
	m := wire.Member{ClusterID: string(clusterID), AccountID: string(accountID)}
	left := len(value) == 0
	if !left {
		if err := json.Unmarshal(value, &m); err != nil {
			return fmt.Errorf("decoding membership %q: %w", key, err)
		}
		if m.ClusterID != string(clusterID) || m.AccountID != string(accountID) {
			return fmt.Errorf("membership of %q in %q has key %q", m.AccountID, m.ClusterID, key)
		}
		left = m.LeftAt != 0
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.progress.sawEvent(max(m.JoinedAt, m.LeftAt))
	if left {
		v.leave(m)
		return nil
	}
	v.cluster(m.ClusterID).members[m.AccountID] = m
	v.account(m.AccountID).join(m)
	return nil
}

func (v *View) leave(m wire.Member) {
	if c, ok := v.clusters[m.ClusterID]; ok {
		delete(c.members, m.AccountID)
		v.dropEmpty(m.ClusterID, c)
	}
	a, ok := v.accounts[m.AccountID]
	if !ok || a.cluster != m.ClusterID {
		return
	}
	a.cluster = ""
	if a.action == "" && len(a.revoked) == 0 {
		delete(v.accounts, m.AccountID)
	}
}

func (v *View) dropEmpty(id string, c *cluster) {
	if c.score == nil && len(c.members) == 0 {
		delete(v.clusters, id)
	}
}

func (v *View) account(id string) *account {
	a, ok := v.accounts[id]
	if !ok {
		a = &account{}
		v.accounts[id] = a
	}
	return a
}

func (v *View) cluster(id string) *cluster {
	c, ok := v.clusters[id]
	if !ok {
		c = &cluster{members: map[string]wire.Member{}}
		v.clusters[id] = c
	}
	return c
}
