"""Pure decisions of the specialists' app: who fits a case, how long an offer stands, when an opinion is whole."""
