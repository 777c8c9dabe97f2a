"""Records that machines wrote for machines (C-CDA, FHIR, HL7 v2, aECG), read into pages and facts. Pure: no Django, no files."""
