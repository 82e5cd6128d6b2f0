package decision

import (
	"context"
	"errors"
	"net/http"

	"connectrpc.com/connect"

	"github.com/iolaus-io/iolaus/pkg/wire"
	"github.com/iolaus-io/iolaus/schemas/gen/iolaus/decisionv1"
	"github.com/iolaus-io/iolaus/schemas/gen/iolaus/decisionv1/decisionv1connect"
)

// Limits of the contract, as in the HTTP API.
const (
	maxAccountID = 128
	maxKeyID     = 256
)

// registerRPC adds iolaus.decision.v1.DecisionService: gRPC, gRPC-Web and Connect.
func registerRPC(mux *http.ServeMux, view *View, loading LoadingConfig, m *Metrics) {
	path, h := decisionv1connect.NewDecisionServiceHandler(&rpc{view, loading, m}, connect.WithReadMaxBytes(maxBodyBytes))
	mux.Handle(path, h)
}

type rpc struct {
	view    *View
	loading LoadingConfig
	metrics *Metrics
}

// Decide is POST /v1/decide.
func (s *rpc) Decide(_ context.Context, req *connect.Request[decisionv1.DecideRequest]) (*connect.Response[decisionv1.DecideResponse], error) {
	id, key := req.Msg.GetAccountId(), req.Msg.GetApiKeyId()
	if err := checkIDs(id, key); err != nil {
		return nil, err
	}
	a, err := s.view.Decide(id, key, s.loading)
	s.metrics.answered("rpc", a, err)
	if err != nil {
		return nil, connect.NewError(connect.CodeUnavailable, err)
	}
	return connect.NewResponse(&decisionv1.DecideResponse{
		Action: a.Action, Reasons: protoReasons(a.Reasons), PolicyVersion: a.PolicyVersion, AsOf: protoAsOf(a.AsOf),
	}), nil
}

// GetAccount is GET /v1/accounts/{id}.
func (s *rpc) GetAccount(_ context.Context, req *connect.Request[decisionv1.GetAccountRequest]) (*connect.Response[decisionv1.GetAccountResponse], error) {
	id := req.Msg.GetAccountId()
	if err := checkIDs(id, ""); err != nil {
		return nil, err
	}
	a, err := s.view.Account(id)
	if err != nil {
		return nil, connect.NewError(connect.CodeUnavailable, err)
	}
	return connect.NewResponse(&decisionv1.GetAccountResponse{
		AccountId: a.AccountID, Known: a.Known, Action: a.Action, PreviousAction: a.PreviousAction, DecisionId: a.DecisionID,
		ClusterId: a.ClusterID, Score: a.Score, AccountScore: a.AccountScore, ClusterScore: a.ClusterScore,
		Reasons: protoReasons(a.Reasons), Evidence: protoEvidence(a.Evidence), RevokedApiKeys: a.RevokedAPIKeys,
		PolicyVersion: a.PolicyVersion, EventTs: a.EventTS, DecidedAt: a.DecidedAt, Freshness: protoAsOf(a.Freshness),
	}), nil
}

func checkIDs(accountID, key string) error {
	switch {
	case accountID == "" || len(accountID) > maxAccountID:
		return connect.NewError(connect.CodeInvalidArgument, errors.New("account_id: want 1 to 128 bytes"))
	case len(key) > maxKeyID:
		return connect.NewError(connect.CodeInvalidArgument, errors.New("api_key_id: want at most 256 bytes"))
	}
	return nil
}

func protoReasons(in []wire.Reason) []*decisionv1.Reason {
	out := make([]*decisionv1.Reason, len(in))
	for i, r := range in {
		out[i] = &decisionv1.Reason{Code: r.Code, Family: r.Family, Value: r.Value, Baseline: r.Baseline, Contribution: r.Contribution}
	}
	return out
}

func protoEvidence(in []wire.Evidence) []*decisionv1.Evidence {
	out := make([]*decisionv1.Evidence, len(in))
	for i, e := range in {
		out[i] = &decisionv1.Evidence{Kind: e.Kind, Token: e.Token, Accounts: int64(e.Accounts)}
	}
	return out
}

func protoAsOf(a AsOf) *decisionv1.AsOf {
	return &decisionv1.AsOf{EventTs: a.EventTS, AppliedAt: a.AppliedAt, LagRecords: a.LagRecords, Loading: a.Loading}
}
