// Words that tell nothing in a question, in the languages most often written; folded as the words of notes are. What is a
// telling word in another of them (son, war, hat) is not among them.

const STOP: ReadonlySet<string> = new Set(
  (
    'a about after all also am an and any are as at be because been before being but by can could did do does doing for from had ' +
    'has have having he her here hers him his how i if in into is it its just me more most my no nor not of on once only or other our ' +
    'out over own same she should so some such than that the their them then there these they this those through to too up us very ' +
    'was we were what when where which while who whom why will with would you your yours im ive dont didnt isnt whats whos doesnt ' +
    'tell know please might may must shall let lets kind say said anything something ' +
    'der das den dem des ein eine einen einem einer und oder ist sind waren wie was wer wo wann warum welche welcher welches ' +
    'mit von zu zum zur im in auf fur an am aus bei nach uber haben hatte ich du er sie es wir ihr mein meine mir mich dir dich ' +
    'nicht auch noch habe hast wird werden ' +
    'le la les un une des du de et ou est sont etait que qui quoi quand pourquoi avec dans sur par je tu il elle nous vous ' +
    'ils elles mon ma mes ta tes sa ses ne pas au aux ce cette quel quelle ' +
    'el los las una unos y o es son era como donde cuando por para con en del al yo mi tu su sus que cual ' +
    'и в во на с со по к ко у о об от до за из не что как где когда кто чей чья какой какая какие это этот эта мой моя мои мне меня ты вы мы ' +
    'он она они его ее их был была было были есть для же ли бы а но'
  ).split(' '),
)

export const isStopWord = (word: string): boolean => STOP.has(word)
