/*
stop: 420
title: Look-alikes for a person to decide
question: Which records may be one party and are not linked, because the evidence does not suffice or speaks against it?
parameters:
  score: {type: number, default: "0.50", about: Only pairs at least so probable; pairs for review are always shown.}
columns:
  band: review (a person decides) or none (not linked, kept as the reason why not).
  score: Probability that they are one.
  left_uid: One record, <system>:<id>.
  left_name: Its name.
  right_uid: The other.
  right_name: Its name.
  speaks_for: Features that agree, feature (weight in bits).
  speaks_against: Features that differ.
reading: >
  A pair for review holds the client back until somebody corrects the e-mail or VAT number on one side, or links them.
*/
with

weighed as (

    select
        pair_key,
        string_agg(step.feature || ' (' || step.weight || ')', ', ' order by step.weight desc, step.feature)
            filter (where step.weight > 0) as speaks_for,
        string_agg(step.feature || ' (' || step.weight || ')', ', ' order by step.weight, step.feature)
            filter (where step.weight < 0) as speaks_against
    from (
        select pair_key, unnest(from_json(evidence, '[{"feature": "VARCHAR", "weight": "INTEGER"}]')) as step
        from matched.party_candidates
        where band in ('review', 'none')
    )
    group by pair_key

)

select
    pair.band,
    pair.score,
    pair.left_uid,
    one.name as left_name,
    pair.right_uid,
    other.name as right_name,
    weighed.speaks_for,
    weighed.speaks_against
from matched.party_candidates as pair
inner join weighed using (pair_key)
left join canonical.parties as one on one.party_uid = pair.left_uid
left join canonical.parties as other on other.party_uid = pair.right_uid
where pair.band = 'review' or (pair.band = 'none' and pair.score >= $score)
order by pair.band = 'review' desc, pair.score desc, pair.pair_key
