/** What a burner does to its computer, a small step at a time, so that its lease is never kept waiting. */
export interface Burden {
  /** Takes or gives back a little; true when there is more to do at once. Throws when it cannot go on. */
  step(): boolean;
  /** What has been taken: bytes, or seconds of a processor. */
  taken(): number;
}
