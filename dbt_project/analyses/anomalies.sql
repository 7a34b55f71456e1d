/*
stop: 510
title: What looks wrong
question: Which documents should a person look at, how much is at risk, and what is the evidence?
parameters:
  rule: {type: text, default: null, about: "Only this rule: duplicate_invoice, unmatched_payment, unusual_amount, sequence_gap."}
columns:
  rule: Which kind of finding it is.
  system: System of the document.
  document: Number of the document.
  party_name: The customer.
  document_date: Day of the document.
  currency: ISO 4217 currency of the amount.
  amount_at_risk: What could be lost or wrong.
  sentence: The finding in a sentence.
  suggested_action: What a person may do.
  evidence: The rows it rests on, JSON list.
reading: >
  The worst first. A finding is a question, not an error: nothing is held or changed because of it.
*/
select
    rule,
    system,
    document,
    party_name,
    document_date,
    currency,
    amount_at_risk,
    sentence,
    suggested_action,
    evidence
from reports.anomalies
where $rule::varchar is null or rule = $rule
order by score desc, finding_id
