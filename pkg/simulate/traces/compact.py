#!/usr/bin/env python3
"""Writes the compact traces beside this file from the published ones.

usage: compact.py FOLDER   (azure_llm_2023_{code,conv}.csv, mooncake_conversation.jsonl)

Azure rows keep offset in ms, input and output tokens. Mooncake rows also get
what their prefix hashes tell: tokens of the prefix seen before (512 a block), the gap
in ms to the row that they continue (-1: a conversation's first) and their turn.
"""
import csv, datetime, gzip, json, sys, os

HERE = os.path.dirname(os.path.abspath(__file__))


def write(name, header, rows):
    with open(os.path.join(HERE, name), "wb") as f:
        with gzip.GzipFile(filename="", fileobj=f, mode="wb", compresslevel=9, mtime=0) as g:
            g.write((header + "\n").encode())
            for r in rows:
                g.write((",".join(map(str, r)) + "\n").encode())


def azure(path):
    first, rows = None, []
    with open(path) as f:
        for r in csv.DictReader(f):
            t = datetime.datetime.fromisoformat(r["TIMESTAMP"][:26])
            first = first or t
            rows.append((int((t - first).total_seconds() * 1000), int(r["ContextTokens"]), int(r["GeneratedTokens"])))
    return rows


def mooncake(path):
    seen, tails, rows = set(), {}, []
    with open(path) as f:
        for line in f:
            r = json.loads(line)
            ids, ts = r["hash_ids"], r["timestamp"]
            reused = 0
            for b in ids:
                if b not in seen:
                    break
                reused += 1
            seen.update(ids)
            gap, turn = -1, 1
            # A row continues another when it holds all of that row's full blocks and more than the common preamble.
            for k in range(len(ids) - 1, 1, -1):
                prev = tails.get(ids[k - 1])
                if prev and ts > prev[0]:
                    gap, turn = ts - prev[0], prev[1] + 1
                    break
            if len(ids) > 2:
                tails[ids[-2]] = (ts, turn)
            rows.append((ts, r["input_length"], r["output_length"], min(reused * 512, r["input_length"]), gap, turn))
    return rows


src = sys.argv[1]
write("azure_code.csv.gz", "offset_ms,input,output", azure(os.path.join(src, "azure_llm_2023_code.csv")))
write("azure_conv.csv.gz", "offset_ms,input,output", azure(os.path.join(src, "azure_llm_2023_conv.csv")))
write("mooncake.csv.gz", "offset_ms,input,output,reused,gap_ms,turn", mooncake(os.path.join(src, "mooncake_conversation.jsonl")))
