export { diffWordsWithSpace, diffChars, diffLines } from "diff";
