#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The partage authors
"""Turns sass.isa into C and Markdown, and proves the opcode map unambiguous.

usage: sass_gen.py sass.isa ops     OUT.h    enum sass_op
       sass_gen.py sass.isa members OUT.h    list of the members that fields name
       sass_gen.py sass.isa tables  OUT.c    struct sass_row[] and what it needs
       sass_gen.py sass.isa docs    OUT.md   docs/sass.md
"""
import io
import re
import sys
from collections import namedtuple

FORMS = ['R', 'C', 'I', 'RC', 'RI', 'IR', 'II']
FORM_LINE = re.compile(r'(%s) [0-9a-f]{4}/[0-9a-f]{4}\b' % '|'.join(FORMS))

Piece = namedtuple('Piece', 'lo width at')
Imm = namedtuple('Imm', 'bits kind')
Mod = namedtuple('Mod', 'members names')
Operand = namedtuple('Operand', 'kind part optional width')


class Field:
    """Where a member of struct sass_instr lies in the word."""

    def __init__(self, member, bits):
        self.member = member
        bits, _, self.map = bits.partition('=')
        bits, _, bias = bits.partition('+')
        self.bias = int(bias or 0)
        self.invert = bits.endswith('~')
        self.signed = bits.endswith('s')
        self.pieces, at = [], 0
        for piece in bits.rstrip('~s').split(','):
            m = re.fullmatch(r'(\d+)(?::(\d+))?(?:>(\d+))?', piece)
            lo, width = int(m[1]), int(m[2] or 1)
            at = int(m[3]) if m[3] else at
            self.pieces.append(Piece(lo, width, at))
            at += width
        self.top = at

    def mask(self):
        return sum(((1 << p.width) - 1) << p.lo for p in self.pieces)

    def text(self):
        return '%s@%s' % (self.member, ','.join(
            '%d:%d' % (p.lo, p.width) for p in self.pieces))


class Row:
    """One form of an op: one line of the opcode map."""

    def __init__(self, block, form, value, mask, line):
        self.block, self.form, self.line = block, form, line
        self.value, self.mask = value << 48, mask << 48
        self.fields, self.consts = {}, {}
        self.imm = None
        self.guard = True

    def fix(self, lo, width, value):
        self.mask |= ((1 << width) - 1) << lo
        self.value |= value << lo

    def add(self, member, bits):
        if member in self.fields:
            fail(self.line, 'field %s twice' % member)
        self.fields[member] = Field(member, bits)

    def take(self, token, imms):
        """One token of a field list."""
        if token == '!guard':
            self.guard = False
        elif m := re.fullmatch(r'\[(\d+):(\d+)\]=(\d+)', token):
            self.fix(int(m[1]), int(m[2]), int(m[3]))
        elif m := re.fullmatch(r'(\w+)@(.+)', token):
            self.add(m[1], m[2])
        elif m := re.fullmatch(r'(\w+)=(\d+)', token):
            self.consts[m[1]] = int(m[2])
        elif token in imms:
            self.imm = token
        else:
            fail(self.line, 'what is %r?' % token)

    def default(self, member, bits):
        if member not in self.fields:
            self.add(member, bits)

    def finish(self, imms):
        """Adds the fields that the operand list implies."""
        if self.guard:
            self.add('guard', '16:3')
            self.add('guard_not', '19')
        for operand in self.block.operands:
            self.imply(operand.kind, imms)
        used = 0
        for f in self.fields.values():
            if f.mask() & (used | self.mask):
                fail(self.line, '%s overlaps' % f.text())
            used |= f.mask()

    def imply(self, kind, imms):
        simple = {'d': [('rd', '0:8')], 's': [('rd', '0:8')], '+d': [('rd', '0:8')],
                  'a': [('ra', '8:8')], 'pd': [('pd', '3:3')], 'pd2': [('pd2', '0:3')],
                  'pc': [('pc', '39:3'), ('pc_not', '42')],
                  'addr': [('ra', '8:8')], 'caddr': [('ra', '8:8')],
                  'surf': [('ra', '8:8')], 'brx': [('ra', '8:8')],
                  'attr': [('ra', '8:8')],
                  'jmx': [('ra', '8:8')], 'swap': []}
        cbuf = [('cb_bank', '34:5'), ('cb_off', '20:14>2')]
        if kind == 'b':
            pairs = {'C': cbuf, 'RC': [('rb', '39:8')]}.get(self.form, [('rb', '20:8')])
            if self.form == 'I' and self.block.imm_is_b():
                self.imm = self.imm or 's20'
                pairs = [('imm', imms[self.imm].bits)]
        elif kind == 'c':
            pairs = cbuf if self.form == 'RC' else [('rc', '39:8')]
        else:
            pairs = simple.get(kind, [])
        for member, bits in pairs:
            self.default(member, bits)


class Block:
    """An `op` block: one text with one or more forms."""

    def __init__(self, line, enum, klass, base, mods, operands):
        self.line, self.enum, self.klass, self.base = line, enum, klass, base
        self.mods, self.operands = mods, operands
        self.common = []
        self.rows = []

    def imm_is_b(self):
        return not any(o.kind in ('imm', 'texidx') for o in self.operands)


class Isa:
    def __init__(self, path):
        self.maps, self.imms, self.mods, self.blocks = {}, {}, {}, []
        self.path = path
        for number, line in enumerate(open(path), 1):
            line = line.split('#')[0].rstrip()
            if line:
                self.take_line(number, line)
        for block in self.blocks:
            for row in block.rows:
                for token in block.common:
                    row.take(token, self.imms)
                row.finish(self.imms)
        self.rows = [r for b in self.blocks for r in b.rows]
        self.ops = list(dict.fromkeys(b.enum for b in self.blocks))
        self.rows.sort(key=lambda r: (self.ops.index(r.block.enum),
                                      -bin(r.mask).count('1'), FORMS.index(r.form)))

    def take_line(self, number, line):
        words = line.split()
        if words[0] == 'map':
            self.maps[words[1]] = words[2:]
        elif words[0] == 'imm':
            self.imms[words[1]] = Imm(words[2], words[3])
        elif words[0] == 'mod':
            self.mods[words[1]] = Mod(words[2].split(','), words[3:])
        elif words[0] == 'op':
            self.take_op(number, line)
        elif FORM_LINE.match(line.strip()):
            self.take_form(number, words)
        else:
            self.blocks[-1].common += words

    def take_op(self, number, line):
        head, _, tail = line.partition('|')
        _, enum, klass, base, *mods = head.split()
        operands = []
        for word in tail.split():
            m = re.fullmatch(r'(\+?\w+?)(?:\.(\w+))?(\?\w*)?(?:/(\w+))?', word)
            operands.append(Operand(m[1], m[2], m[3], m[4] or '1'))
        self.blocks.append(Block(number, enum, klass, base, mods, operands))

    def take_form(self, number, words):
        value, mask = (int(x, 16) for x in words[1].split('/'))
        row = Row(self.blocks[-1], words[0], value, mask, number)
        for token in words[2:]:
            row.take(token, self.imms)
        self.blocks[-1].rows.append(row)

    def prove_disjoint(self):
        """Two forms are apart, or one lies inside the other and wins."""
        pairs = 0
        for i, a in enumerate(self.rows):
            for b in self.rows[:i]:
                pairs += 1
                common = a.mask & b.mask
                if (a.value ^ b.value) & common:
                    continue
                if a.mask == b.mask or common not in (a.mask, b.mask):
                    fail(a.line, 'overlaps the form of line %d' % b.line)
        return pairs


def fail(line, message):
    sys.exit('sass.isa:%d: %s' % (line, message))


# --- Output ---

BANNER = '/* Generated by sass_gen.py from sass.isa. */\n'


def write_ops(isa, out):
    out.write(BANNER + '#ifndef SASS_OPS_H\n#define SASS_OPS_H\n\nenum sass_op {\n')
    for op in isa.ops:
        out.write('   SASS_OP_%s,\n' % op)
    out.write('};\n\n#define SASS_OP_COUNT %d\n\n#endif\n' % len(isa.ops))


class Pool:
    """A C array under construction; gives the place of each addition."""

    def __init__(self):
        self.items = []

    def add(self, items):
        start = len(self.items)
        self.items += items
        return start, len(items)

    def write(self, out, ctype, name):
        write_array(out, ctype, name, self.items)


def write_array(out, ctype, name, items):
    out.write('const %s %s[] = {\n' % (ctype, name))
    for item in items:
        out.write('   %s,\n' % item)
    out.write('};\n\n')


class Tables:
    def __init__(self, isa):
        self.isa = isa
        self.members = ['none']
        self.fields, self.consts = Pool(), Pool()
        self.row_mods, self.operands = Pool(), Pool()
        self.mod_names, self.mods, self.literals = list(isa.mods), [], {}
        for name in self.mod_names:
            self.mods.append(isa.mods[name])

    def member(self, name):
        if name not in self.members:
            self.members.append(name)
        return 'M_' + name

    def mod(self, word):
        if not word.startswith('.'):
            return self.mod_names.index(word)
        if word not in self.mod_names:
            self.mod_names.append(word)
            self.mods.append(Mod([], [word]))
        return self.mod_names.index(word)

    def field(self, f):
        pieces = ', '.join('{%d, %d, %d}' % p for p in f.pieces)
        return '{%s, %d, %d, %d, %s, %d, %s, {%s}}' % (
            self.member(f.member), len(f.pieces), f.top if f.signed else 0, f.bias,
            'true' if f.invert else 'false',
            len(self.isa.maps[f.map]) if f.map else 0,
            'map_' + f.map if f.map else '0', pieces)

    def operand(self, o):
        optional = {None: 'NEVER', '?': 'DEFAULT'}.get(o.optional, 'NO_PMODE')
        return '{OPERAND_%s, PART_%s, OMIT_%s, WIDTH_%s}' % (
            o.kind.replace('+d', 'd_read').upper(), (o.part or 'none').upper(), optional,
            o.width.upper())

    def row(self, r):
        f = self.fields.add([self.field(x) for x in r.fields.values()])
        c = self.consts.add(['{%s, %d}' % (self.member(m), v) for m, v in r.consts.items()])
        m = self.row_mods.add([str(self.mod(w)) for w in r.block.mods])
        o = self.operands.add([self.operand(x) for x in r.block.operands])
        care = r.mask
        for x in r.fields.values():
            care |= x.mask()
        kind = self.isa.imms[r.imm].kind if r.imm else 'uint'
        return ('{0x%016x, 0x%016x, 0x%016x, SASS_OP_%s, SASS_FORM_%s, %s, %s, '
                '%d, %d, %d, %d, %d, %d, %d, %d, "%s"}' % (
                    r.value, r.mask, care, r.block.enum, r.form,
                    'IMM_' + kind.upper(), 'true' if r.guard else 'false',
                    *f, *c, *m, *o, r.block.base))

    def write_maps(self, out):
        for name, values in self.isa.maps.items():
            entries = [v if v.lstrip('-').isdigit() else
                       '-1' if v == '?' else 'SASS_' + v for v in values]
            out.write('static const int8_t map_%s[] = {%s};\n' % (name, ', '.join(entries)))
        out.write('\n')

    def write_mods(self, out):
        for i, mod in enumerate(self.mods):
            names = ['0' if n == '?' else '""' if n == '-' else '"%s"' % n for n in mod.names]
            out.write('static const char *const mod_%d[] = {%s};\n' % (i, ', '.join(names)))
        out.write('\nconst struct sass_mod sass_mods[] = {\n')
        for i, mod in enumerate(self.mods):
            members = [self.member(m) for m in mod.members] + ['M_none', 'M_none']
            out.write('   {%s, %s, %d, mod_%d},\n' % (*members[:2], len(mod.names), i))
        out.write('};\n\n')

    def write_index(self, out, rows):
        """Rows by the word's top byte, the most specific first."""
        pool, starts = Pool(), []
        for byte in range(256):
            hits = [i for i, r in enumerate(rows)
                    if not ((r.value >> 56) ^ byte) & (r.mask >> 56)]
            hits.sort(key=lambda i: -bin(rows[i].mask).count('1'))
            starts.append('{%d, %d}' % pool.add([str(i) for i in hits]))
        pool.write(out, 'uint16_t', 'sass_byte_rows')
        write_array(out, 'struct sass_range', 'sass_byte_index', starts)
        bases = sorted({r.block.base for r in rows})
        pool, entries = Pool(), []
        for base in bases:
            hits = [str(i) for i, r in enumerate(rows) if r.block.base == base]
            entries.append('{"%s", {%d, %d}}' % (base, *pool.add(hits)))
        pool.write(out, 'uint16_t', 'sass_base_rows')
        write_array(out, 'struct sass_base', 'sass_bases', entries)
        out.write('const unsigned sass_base_count = %d;\n\n' % len(bases))

    def write_ops(self, out, rows):
        entries = []
        for op in self.isa.ops:
            hits = [i for i, r in enumerate(rows) if r.block.enum == op]
            block = next(b for b in self.isa.blocks if b.enum == op)
            first = block.rows[0]
            entries.append('{{"%s", SASS_CLASS_%s, %s, %s, %s}, {%d, %d}, SASS_FORM_%s}' % (
                self.op_name(block), block.klass.upper(), cbool(first.guard),
                cbool('target' in first.fields), cbool(op in ENDS_PATH), hits[0], len(hits),
                first.form))
        write_array(out, 'struct sass_op_row', 'sass_op_rows', entries)

    def op_name(self, block):
        literals = [] if block.enum in MULTI_TEXT else [m for m in block.mods if m[0] == '.']
        return block.base + ''.join(literals)

    def write(self, out):
        rows = [self.row(r) for r in self.isa.rows]
        out.write(BANNER + '#include "nouveau/isa/sass_priv.h"\n\n')
        self.write_maps(out)
        self.fields.write(out, 'struct sass_field', 'sass_fields')
        self.consts.write(out, 'struct sass_const', 'sass_consts')
        self.write_mods(out)
        self.row_mods.write(out, 'uint8_t', 'sass_row_mods')
        self.operands.write(out, 'struct sass_operand_desc', 'sass_operand_descs')
        write_array(out, 'struct sass_row', 'sass_rows', rows)
        out.write('const unsigned sass_row_count = %d;\n\n' % len(rows))
        self.write_index(out, self.isa.rows)
        self.write_ops(out, self.isa.rows)


# Ops that leave the running path through the stack; a fact for sass_op_info.
ENDS_PATH = {'EXIT', 'RET', 'BRK', 'CONT', 'SYNC', 'KIL', 'LONGJMP', 'RTT'}
# Ops whose literals are not part of the mnemonic.
MULTI_TEXT = {'IADD', 'IADD32I', 'ISCADD', 'IDP', 'LDS', 'BAR', 'DEPBAR', 'TEX', 'TLD', 'TLD4',
              'TXD', 'TXQ', 'TMML', 'SULD', 'SUST', 'SUATOM', 'SUATOM_CAS'}


def cbool(v):
    return 'true' if v else 'false'


def write_members(tables, out):
    """X-macro list of the members that fields and modifiers name."""
    out.write('#define SASS_MEMBERS(X) \\\n')
    out.write(' \\\n'.join('   X(%s)' % m for m in tables.members[1:]) + '\n')


DOC_INTRO = """# SASS

<!-- Generated from src/nouveau/isa/sass.isa: bin/golden --update -->

SASS is the machine language of Maxwell and Pascal (sm_50 .. sm_62). `src/nouveau/isa/` describes it once, in
`sass.isa`, and `sass_gen.py` turns that into the tables behind `sass.h`:

|file|what it holds|
|---|---|
|`sass.isa`|opcodes, bit fields, operands and spelling; its head explains the notation|
|`sass.h` `sass_defs.h`|`struct sass_instr` and its values, encode, decode, print, parse, operand lists, latencies, control words|
|`sass_sem.h` `sass_sem_*.h`|what an instruction does to one lane: the definition of meaning|
|`sass_encode.c` `sass_print.c` `sass_parse*.c` `sass_operands.c`|the four ways through the tables|
|`sass_text.h`|whole programs as text with control fields and labels: `sass-as`, `sass-dis`|
|`test/golden.txt`|words of NVIDIA's assembler with the text of its disassembler|

To add a form: add a block to `sass.isa`, members to `struct sass_instr` if it needs new ones, a golden line if
there is one, run the `isa` tests and `bin/golden --update`. Two forms may overlap only if one lies inside the
other; the generator refuses anything else.

Code is a sequence of 32-byte bundles: a control word, then three instructions. A control field prints as
`[B0-----:R1:W2:Y:S06]`: waits for scoreboard 0, scoreboard 1 is released when the sources are read, 2 when the
result is written, yields, stalls 6 cycles. Without one an instruction waits for everything, stalls 15 cycles and
names scoreboard 0 for its result or 1 for its sources if it needs one.

    $ cat count.sass
    [B------:R-:W0:-:S02] S2R R0, SR_TID.X;
    .Lhead:
    [B0-----:R-:W-:-:S06] IADD R0, R0, -0x1;
    [B------:R-:W-:Y:S13] ISETP.GT.AND P0, PT, R0, RZ, PT;
    @P0 BRA .Lhead;
    EXIT;
    $ sass-as -o count.bin count.sass        # errors as FILE:LINE:COLUMN
    $ sass-dis count.bin                     # sass-as makes the same bytes of it
    [B------:R-:W0:-:S02] S2R R0, SR_TID.X;                                 # 0008: f0c8000002170000
    .L0010:
    [B0-----:R-:W-:-:S06] IADD R0, R0, -0x1;                                # 0010: 3910007ffff70000
    …
    $ sass-dis -w 4c98078000870001           # single words
    4c98078000870001    MOV R1, c[0x0][0x20]
    $ nvsim-run count.sass                   # runs it, docs/sim.md

Bits that no field covers are ignored by the decoder and written as 0. Below, `b:n` are n bits from bit b.

"""


def write_docs(isa, out):
    out.write(DOC_INTRO)
    out.write('|op|form|opcode|class|text|fields|\n|---|---|---|---|---|---|\n')
    for r in isa.rows:
        b = r.block
        text = b.base + ''.join(m if m[0] == '.' else '{%s}' % m for m in b.mods)
        operands = ', '.join(o.kind + ('.' + o.part if o.part else '') +
                             ('?' if o.optional else '') for o in b.operands)
        fields = [f.text() for f in r.fields.values() if not f.member.startswith('guard')]
        fields += ['%s=%d' % c for c in r.consts.items()]
        out.write('|%s|%s|%04x/%04x|%s|%s %s|%s|\n' % (
            b.enum, r.form, r.value >> 48, r.mask >> 48, b.klass, text, operands,
            ' '.join(fields)))


def main():
    path, what, dest = sys.argv[1:]
    isa = Isa(path)
    isa.prove_disjoint()
    with open(dest, 'w') as out:
        if what == 'ops':
            write_ops(isa, out)
        elif what == 'docs':
            write_docs(isa, out)
        else:
            tables = Tables(isa)
            text = io.StringIO()
            tables.write(text)
            if what == 'members':
                write_members(tables, out)
            else:
                out.write(text.getvalue())


main()
