"""Strange files of orders and deals: how they are written, and what is counted in them by hand."""

from __future__ import annotations

CASES: dict[str, tuple] = {}
# name: (files or text, the right values[, what a LOOK or a doubt says instead[, whether it must be said]])
# --- money
CASES["wc order table"] = (
    """
Order Number,Order Status,Order Date,Customer User ID,Email (Billing),Order Total Amount,Payment Method Title
101,wc-completed,2026-01-03 10:00,7,ann@x.nl,20.00,iDEAL
102,wc-cancelled,2026-01-04 10:00,7,ann@x.nl,30.00,iDEAL
103,wc-refunded,2026-01-05 10:00,8,bob@x.nl,40.00,iDEAL
104,wc-processing,2026-01-06 10:00,9,cee@x.nl,50.00,iDEAL
105,wc-on-hold,2026-01-06 11:00,9,cee@x.nl,60.00,iDEAL
106,wc-failed,2026-01-06 12:00,9,cee@x.nl,70.00,iDEAL
""",
    {"orders": 2, "revenue": 70, "customers": 3},
)
CASES["a sale by another name"] = (
    """
client,when,action,order_id,total
a,2026-03-01 10:00,page_view,,
a,2026-03-02 10:00,zorgvraag_gesloten,o1,50.00
b,2026-03-02 11:00,zorgvraag_gesloten,o2,25.50
b,2026-03-05 11:00,review,,
c,2026-03-06 11:00,page_view,,
""",
    {"orders": 2, "revenue": 75.5},
    "order's number",
    True,
)
CASES["nl status orders"] = (
    """
ordernummer;klantnummer;besteldatum;status;totaalbedrag
1;K1;03-01-2026;Betaald;€ 1.234,50
2;K1;14-01-2026;Geannuleerd;€ 99,00
3;K2;15-01-2026;Deels terugbetaald;€ 10,00
4;K2;16-01-2026;Wacht op betaling;€ 10,00
""",
    {"orders": 2, "revenue": 1244.5, "customers": 2},
)
CASES["stripe charges"] = (
    """
id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Converted Amount,Status,Customer ID,Customer Email
ch_1,2026-01-02 10:00:00,20.00,0.00,eur,TRUE,20.00,Paid,cus_1,a@x.nl
ch_2,2026-01-03 10:00:00,30.00,10.00,eur,TRUE,30.00,Partially Refunded,cus_1,a@x.nl
ch_3,2026-01-04 10:00:00,40.00,40.00,eur,TRUE,40.00,Refunded,cus_2,b@x.nl
ch_4,2026-01-05 10:00:00,50.00,0.00,eur,FALSE,50.00,Failed,cus_2,b@x.nl
""",
    {"orders": 2, "revenue": 40, "customers": 2},
)
CASES["line amounts and quantity x price"] = (
    """
order_id,customer_id,order_date,sku,quantity,unit_price,line_total
1,a,2026-01-01,X,2,5.00,10.00
1,a,2026-01-01,Y,1,7.00,7.00
2,b,2026-01-02,X,3,5.00,15.00
3,b,2026-01-03,Z,1,4.00,4.00
""",
    {"orders": 3, "revenue": 36, "customers": 2},
)
CASES["total on first line only"] = (
    """
order_id,email,created_at,sku,qty,price,total
1,a@x.nl,2026-01-01,X,2,5.00,19.95
1,a@x.nl,2026-01-01,Y,1,7.00,
2,b@x.nl,2026-01-02,X,3,5.00,17.50
2,b@x.nl,2026-01-02,Z,1,2.50,
3,b@x.nl,2026-01-03,Z,1,4.00,6.50
""",
    {"orders": 3, "revenue": 43.95, "customers": 2},
)
CASES["order total on each line few orders"] = (
    """
order_id,customer_id,order_date,sku,order_total
1,a,2026-01-01,X,17
1,a,2026-01-01,Y,17
2,b,2026-01-02,X,15
2,b,2026-01-02,Y,15
3,b,2026-01-03,Z,4
""",
    {"orders": 3, "revenue": 36, "customers": 2},
)
CASES["refund column"] = (
    """
order_id,customer_id,order_date,total,refunded_amount,status
1,a,2026-01-01,20,0,paid
2,a,2026-01-02,30,10,partially_refunded
3,b,2026-01-03,40,40,refunded
""",
    {"orders": 2, "revenue": 40, "customers": 2},
    "refund",
)
CASES["negative refund rows"] = (
    """
order_id,customer_id,order_date,amount,type
1,a,2026-01-01,20,sale
2,a,2026-01-02,30,sale
3,a,2026-01-03,-30,refund
4,b,2026-01-03,12.5,sale
""",
    {"orders": 3, "revenue": 32.5, "customers": 2},
)
CASES["event log with amounts of all kinds"] = (
    """
user_id,event,time,price
u1,product_viewed,2026-01-01 10:00,50
u1,add_to_cart,2026-01-01 10:01,50
u1,order_completed,2026-01-01 10:02,45.5
u2,product_viewed,2026-01-01 10:00,80
u2,order_refunded,2026-01-03 10:00,5.5
""",
    {"orders": 1, "revenue": 40, "customers": 2},
)
CASES["abandoned cart export"] = (
    """
cart_id,email,created_at,status,cart_total
1,a@x.nl,2026-01-01,abandoned,20
2,b@x.nl,2026-01-02,converted,30
3,c@x.nl,2026-01-03,recovered,40
""",
    {"revenue": 70},
    "cart|status|not known",
)
CASES["test column bool"] = (
    """
order_id,customer_id,order_date,total,test
1,a,2026-01-01,20,false
2,a,2026-01-02,30,true
3,b,2026-01-03,40,false
""",
    {"orders": 2, "revenue": 60},
    "test",
)
CASES["two status columns"] = (
    """
order_id,customer_id,order_date,total,financial_status,fulfillment_status
1,a,2026-01-01,20,paid,fulfilled
2,a,2026-01-02,30,pending,unfulfilled
3,b,2026-01-03,40,voided,unfulfilled
4,b,2026-01-03,44,paid,unfulfilled
""",
    {"orders": 2, "revenue": 64},
)
CASES["tax and net and gross"] = (
    """
order_id,customer_id,order_date,subtotal,tax,shipping,total
1,a,2026-01-01,20,4.2,5,29.2
2,a,2026-01-02,30,6.3,5,41.3
""",
    {"orders": 2, "revenue": 70.5},
)
CASES["currency column same"] = (
    """
order_id,customer_id,order_date,amount,currency
1,a,2026-01-01,20,EUR
2,a,2026-01-02,30,EUR
""",
    {"orders": 2, "revenue": 50, "currencies": ["EUR"]},
)
CASES["two currencies codes after"] = (
    """
order_id,customer_id,order_date,amount
1,a,2026-01-01,20 EUR
2,a,2026-01-02,30 USD
""",
    {"orders": 2, "revenue": None, "revenue_by_currency": {"EUR": 20, "USD": 30}},
)
CASES["cents stripe api"] = (
    """
id,customer,created,amount,currency,status,amount_refunded
ch_1,cus_1,1767261600,2000,eur,succeeded,0
ch_2,cus_2,1767348000,3050,eur,succeeded,0
""",
    {"orders": 2, "revenue": 50.5},
    "cent",
)
CASES["deals pipedrive"] = (
    """
ID,Title,Value,Currency,Stage,Status,Organization,Contact person,Deal created,Won time,Lost time
1,Deal A,1000,EUR,Negotiation,Won,Acme,Jan,2026-01-01 10:00:00,2026-02-01 10:00:00,
2,Deal B,2000,EUR,Proposal,Lost,Beta,Piet,2026-01-02 10:00:00,,2026-02-02 10:00:00
3,Deal C,3000,EUR,Proposal,Open,Beta,Piet,2026-01-03 10:00:00,,
""",
    {"orders": 1, "revenue": 1000},
)
CASES["crm nl deals"] = (
    """
Kansnummer;Bedrijf;Fase;Bedrag;Aangemaakt op;Gesloten op
1;Acme;Gewonnen;1.000,00;01-01-2026;13-02-2026
2;Beta;Verloren;2.000,00;02-01-2026;14-02-2026
3;Beta;Offerte;3.000,00;03-01-2026;
4;Cees;Gewonnen;500,50;15-01-2026;20-02-2026
""",
    {"orders": 2, "revenue": 1500.5},
)
CASES["invoices nl credit"] = (
    """
Factuurnummer;Debiteur;Factuurdatum;Bedrag
F1;D1;03-01-2026;100,00
F2;D1;14-01-2026;-25,00
F3;D2;15-01-2026;10,50
""",
    {"orders": 2, "revenue": 85.5, "customers": 2},
)
CASES["subscription renewals"] = (
    """
account_id,event,date,mrr
A,subscription_started,2026-01-01,100
A,subscription_renewed,2026-02-01,100
B,subscription_started,2026-01-15,50
B,subscription_cancelled,2026-03-01,50
""",
    {"revenue": 250},
    "kept under|mrr",
)
