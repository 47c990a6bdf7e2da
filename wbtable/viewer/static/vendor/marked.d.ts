// What the page uses of the bundle, for the checker of types.
export class Lexer {
  constructor(options?: { gfm?: boolean; breaks?: boolean });
  lex(text: string): any[];
}
