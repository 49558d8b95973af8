// Text as it arrives → its lines. Only a line feed ends a line: readline also splits at U+2028 on newer versions of Node, which
// JSON leaves as they are.

/** Lines without their end; a `\r` before it goes too. What follows the last line feed is a line unless it is empty. */
export async function* textLines(chunks: AsyncIterable<Buffer | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let rest = ''
  const plain = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line)
  for await (const chunk of chunks) {
    const lines = (rest + (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) yield plain(line)
  }
  rest += decoder.decode()
  if (rest !== '') yield plain(rest)
}
