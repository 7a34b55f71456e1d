select
    finding_id, rule, system, document, party_key, party_name, document_date, currency, amount_at_risk, sentence,
    evidence, suggested_action, score
from reports.anomalies
order by score desc, amount_at_risk desc, finding_id
