// The same text read by a complete bash parser (mvdan-sh): its simple commands as decoded words, or why it holds more than that.

import sh from 'mvdan-sh'

const { syntax } = sh

interface Node {
  readonly [key: string]: unknown
}

/** Node kinds that plain commands joined by operators consist of. */
const PLAIN = new Set(['File', 'Stmt', 'CallExpr', 'BinaryCmd', 'Word', 'Lit', 'SglQuoted', 'DblQuoted', 'Redirect', 'Comment'])

export type FullParse =
  | { readonly ok: true; readonly commands: readonly (readonly string[])[] }
  | { readonly ok: false; readonly why: string }

export function fullParse(text: string): FullParse {
  let file: Node
  try {
    file = syntax.NewParser(syntax.KeepComments(true)).Parse(text, 'command') as Node
  } catch (error) {
    return { ok: false, why: String((error as { Error?: () => string }).Error?.() ?? error) }
  }
  const commands: string[][] = []
  let odd: string | undefined
  syntax.Walk(file, (node: Node | null) => {
    if (node === null) return true
    const kind = syntax.NodeType(node) as string
    if (!PLAIN.has(kind)) odd ??= kind
    if (kind === 'SglQuoted' && node['Dollar'] === true) odd ??= "$'…'"
    if (kind === 'DblQuoted' && node['Dollar'] === true) odd ??= '$"…"'
    if (kind === 'Stmt' && (node['Negated'] === true || node['Background'] === true || node['Coprocess'] === true))
      odd ??= 'negated or background'
    if (kind === 'CallExpr') {
      if (lengthOf(node['Assigns']) > 0) odd ??= 'assignment'
      commands.push(list(node['Args']).map(decode))
    }
    return true
  })
  return odd === undefined ? { ok: true, commands } : { ok: false, why: odd }
}

const list = (value: unknown): Node[] => Array.from((value ?? []) as ArrayLike<Node>)
const lengthOf = (value: unknown): number => list(value).length

function decode(word: Node): string {
  return list(word['Parts'])
    .map((part) => {
      const kind = syntax.NodeType(part) as string
      if (kind === 'SglQuoted') return part['Value'] as string
      if (kind === 'Lit') return (part['Value'] as string).replace(/\\\n/g, '').replace(/\\(.)/gs, '$1')
      return list(part['Parts'])
        .map((inner) => (inner['Value'] as string).replace(/\\\n/g, '').replace(/\\([$`"\\])/g, '$1'))
        .join('')
    })
    .join('')
}
