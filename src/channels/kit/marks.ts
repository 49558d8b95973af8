// What a Markdown-like dialect shows: plain text and the kinds of formatting in it. For fakes of Discord, Slack, WhatsApp.

export interface Marks {
  readonly bold: RegExp
  readonly italic: RegExp
  readonly link?: RegExp
}

/** Code first, so that marks inside it stay text. */
export function readMarks(
  source: string,
  marks: Marks,
  decode: (text: string) => string = (text) => text,
): { text: string; formats: string[] } {
  const formats = new Set<string>()
  const kept: string[] = []
  const keep = (text: string): string => `\u0001${kept.push(decode(text)) - 1}\u0002`
  let rest = source.replace(/(`{3,})[^\n`]*\n([\s\S]*?)\n?\1/g, (_, _mark: string, inner: string) => {
    formats.add('pre')
    return keep(inner)
  })
  rest = rest.replace(/`([^`\n]+)`/g, (_, inner: string) => {
    formats.add('code')
    return keep(inner)
  })
  const strip = (pattern: RegExp | undefined, format: string): void => {
    if (pattern === undefined) return
    rest = rest.replace(pattern, (_, inner: string) => {
      formats.add(format)
      return inner
    })
  }
  strip(marks.link, 'link')
  strip(marks.bold, 'bold')
  strip(marks.italic, 'italic')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the marks of this function's own making
  const text = decode(rest).replace(/\u0001(\d+)\u0002/g, (_, index: string) => kept[Number(index)] ?? '')
  return { text, formats: [...formats] }
}
