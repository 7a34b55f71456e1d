-- Never automatic on a guess: a link needs the band auto on that side, and a pair that was only scored two kinds of evidence.
select links.party_key, links.freshbooks_band, links.m3_band
from {{ ref('party_links') }} as links
left join {{ ref('party_candidates') }} as pairs
    on pairs.left_uid = links.shop_party_uid
    and pairs.right_uid in ('freshbooks:' || links.freshbooks_id, 'm3:' || links.m3_cuno)
where links._generation > {{ since() }}
    and (
        (links.freshbooks_id is not null) <> (links.freshbooks_band = 'auto')
        or (links.m3_cuno is not null) <> (links.m3_band = 'auto')
        or (pairs.method = 'scored' and pairs.evidence_kinds < 2 and pairs.band = 'auto')
    )
