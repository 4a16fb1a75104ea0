#!/usr/bin/env python3
"""Writes a llama model so small that a test can make it on the spot: random weights, two layers, a vocabulary of words.

usage: make_tiny_model.py FILE

What it says has no meaning; that it says something, token by token, through a server that is not ours, is the point.
The same file comes out every time. Exit codes: 0 FILE is written, 64 usage.
"""

import sys

import gguf
import numpy

WIDTH, FEED_FORWARD, LAYERS, HEADS, KEY_HEADS, CONTEXT = 64, 128, 2, 4, 2, 2048
UNKNOWN, START, END = 0, 1, 2
WORDS = """
the of and to in is it that for was on are as with they at be this have from or one had by word but not what all were we when your can
said there use an each which she do how their if will up other about out many then them these so some her would make like him into time
has look two more write go see number no way could people my than first water been call who its now find long down day did get come made
may part over new sound take only little work know place year live me back give most very after thing our just name good sentence man
think say great where help through much before line right too mean old any same tell boy follow came want show also around form three
small set put end does another well large must big even such because turn here why ask went men read need land different home us move
try kind hand picture again change off play spell air away animal house point page letter mother answer found study still learn should
gateway token budget incident provider latency monitor alert route prompt model error cost
""".split()
# The space before a word is part of it, as in the tokenizers of the llama family.
SPACE = "\u2581"
CHARACTERS = SPACE + "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,!?:;'\"()-_/\n{}[]"
CHAT_TEMPLATE = "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}assistant:"


def vocabulary():
    """Pairs of token and type with a score: control tokens, every byte, words, single characters."""
    kind = gguf.TokenType
    entries = [("<unk>", kind.UNKNOWN, 0.0), ("<s>", kind.CONTROL, 0.0), ("</s>", kind.CONTROL, 0.0)]
    entries += [(f"<0x{byte:02X}>", kind.BYTE, 0.0) for byte in range(256)]
    # A word scores above its characters, and a frequent word above a rare one: that is how the tokenizer joins them.
    entries += [(SPACE + word, kind.NORMAL, -float(rank)) for rank, word in enumerate(dict.fromkeys(WORDS))]
    entries += [(character, kind.NORMAL, -1000.0) for character in CHARACTERS]
    return entries


def add_weights(writer, entries):
    random = numpy.random.default_rng(seed=3)

    def matrix(rows, columns, spread):
        return (random.standard_normal((rows, columns)) * spread).astype(numpy.float32)

    ones = numpy.ones(WIDTH, dtype=numpy.float32)
    writer.add_tensor("token_embd.weight", matrix(len(entries), WIDTH, 0.5))
    output = matrix(len(entries), WIDTH, 0.5)
    # Words are what it says: control tokens and bytes get no weight of their own, single characters little.
    for index, (_, kind, score) in enumerate(entries):
        if kind != gguf.TokenType.NORMAL:
            output[index] = 0
        elif score <= -1000:
            output[index] *= 0.05
    writer.add_tensor("output.weight", output)
    writer.add_tensor("output_norm.weight", ones)
    key_width = WIDTH // HEADS * KEY_HEADS
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        writer.add_tensor(block + "attn_norm.weight", ones)
        writer.add_tensor(block + "attn_q.weight", matrix(WIDTH, WIDTH, 0.1))
        writer.add_tensor(block + "attn_k.weight", matrix(key_width, WIDTH, 0.1))
        writer.add_tensor(block + "attn_v.weight", matrix(key_width, WIDTH, 0.1))
        writer.add_tensor(block + "attn_output.weight", matrix(WIDTH, WIDTH, 0.1))
        writer.add_tensor(block + "ffn_norm.weight", ones)
        writer.add_tensor(block + "ffn_gate.weight", matrix(FEED_FORWARD, WIDTH, 0.1))
        writer.add_tensor(block + "ffn_up.weight", matrix(FEED_FORWARD, WIDTH, 0.1))
        writer.add_tensor(block + "ffn_down.weight", matrix(WIDTH, FEED_FORWARD, 0.1))


def main():
    if len(sys.argv) != 2:
        print("usage: make_tiny_model.py FILE", file=sys.stderr)
        return 64
    entries = vocabulary()
    writer = gguf.GGUFWriter(sys.argv[1], "llama")
    writer.add_name("tiny-random")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(entries))
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("llama")
    writer.add_token_list([token.encode() for token, _, _ in entries])
    writer.add_token_types([int(kind) for _, kind, _ in entries])
    writer.add_token_scores([score for _, _, score in entries])
    writer.add_unk_token_id(UNKNOWN)
    writer.add_bos_token_id(START)
    writer.add_eos_token_id(END)
    writer.add_chat_template(CHAT_TEMPLATE)
    add_weights(writer, entries)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
