"""Strange files in the forms of public data sets and of Dutch offices, and what is counted in them by hand."""

from __future__ import annotations

CASES: dict[str, tuple] = {}
# name: (files or text, the right values[, what a LOOK or a doubt says instead[, whether it must be said]])
CASES["status lead log"] = (
    """
lead_id,status,date
1,new,2026-01-01
1,contacted,2026-01-05
1,won,2026-02-01
2,new,2026-01-02
2,lost,2026-03-01
""",
    {"customers": 2, "events": 5},
    "lead|kept",
)
CASES["subscription invoices"] = (
    """
invoice_id,customer_id,invoice_date,amount_due,amount_paid,status
1,a,2026-01-01,20,20,paid
2,a,2026-02-01,20,0,open
3,b,2026-02-01,30,30,paid
""",
    {"orders": 2, "revenue": 50},
)
CASES["orders with sub total and discount"] = (
    """
order_id,customer_email,created_at,subtotal,discount,shipping,grand_total,currency
1,a@x.nl,2026-01-01,20,2,5,23,EUR
2,b@x.nl,2026-01-02,30,0,5,35,EUR
""",
    {"orders": 2, "revenue": 58},
)
CASES["refund rows with positive amounts"] = (
    """
transaction_id,customer_id,date,type,amount
1,a,2026-01-01,purchase,20
2,a,2026-01-05,refund,20
3,b,2026-01-06,purchase,30
""",
    {"orders": 2, "revenue": 30},
)
CASES["price on view plus purchase w revenue col"] = (
    """
user_id,event_name,event_time,price,revenue
a,view_item,2026-01-01 10:00,50,
a,purchase,2026-01-01 10:05,,45
b,view_item,2026-01-01 10:00,70,
""",
    {"orders": 1, "revenue": 45},
)
CASES["kaggle ecommerce"] = (
    """
event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session
2019-10-01 00:00:00 UTC,view,44600062,21038,,shiseido,35.79,541312140,72d76fde-8bb3-4e00-8c23-a032dfed738c
2019-10-01 00:00:01 UTC,cart,3900821,20530,appliances,aqua,33.20,554748717,9333dfbd-b87a-4708-9857-6336556b0fcc
2019-10-01 00:00:04 UTC,purchase,17200506,20531,furniture,,543.10,519107250,566511c2-e2e3-422b-b695-cf8e6e792ca8
2019-10-01 00:00:05 UTC,purchase,17200507,20531,furniture,,100.00,519107250,566511c2-e2e3-422b-b695-cf8e6e792ca8
""",
    {"revenue": 643.1, "customers": 3, "events": 4},
)
CASES["olist"] = (
    {
        "olist_orders_dataset.csv": """
order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,order_delivered_customer_date
o1,c1,delivered,2017-10-02 10:56:33,2017-10-02 11:07:15,2017-10-10 21:25:13
o2,c2,canceled,2018-07-24 20:41:37,2018-07-26 03:24:27,
o3,c3,delivered,2018-08-08 08:38:49,2018-08-08 08:55:23,2018-08-17 18:06:29
"""
    },
    {"orders": 2},
)
CASES["retailrocket"] = (
    """
timestamp,visitorid,event,itemid,transactionid
1433221332117,257597,view,355908,
1433224214164,992329,view,248676,
1433221999827,111016,addtocart,318965,
1433222276276,599528,transaction,356475,4000
""",
    {"orders": 1, "customers": 4, "events": 4},
)
CASES["bpi xes csv"] = (
    """
Case ID,Activity,Complete Timestamp,Resource
A1,Register,2012/10/09 14:50:17.000,1
A1,Approve,2012/10/09 14:51:01.000,1
A2,Register,2012/10/10 14:51:01.000,2
""",
    {"customers": 2, "events": 3},
)
CASES["hotel bookings"] = (
    """
booking_id;guest_id;booking_date;arrival_date;status;total_price
1;g1;2026-01-13;2026-03-01;Confirmed;100,00
2;g2;2026-01-14;2026-03-02;Cancelled;200,00
3;g1;2026-01-15;2026-03-03;Confirmed;50,50
""",
    {"orders": 2, "revenue": 150.5},
    "not known|status",
)
CASES["telecom tenure profile"] = (
    "customerID,gender,tenure,MonthlyCharges,TotalCharges,Churn\n"
    + "\n".join(f"{i}-ABC,Male,{i},{20 + i}.5,{100 + i},{'Yes' if i % 3 else 'No'}" for i in range(60)),
    {"customers": 60},
)
CASES["online retail II"] = (
    """
Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country
489434,85048,LIGHTS,12,12/1/2009 07:45,6.95,13085.0,United Kingdom
489434,79323P,PINK,10,12/1/2009 07:45,6.75,13085.0,United Kingdom
C489449,22087,BUNTING,-2,12/13/2009 10:33,2.95,16321.0,Australia
489450,22087,BUNTING,5,12/13/2009 10:36,3.00,,Australia
""",
    {"customers": 2, "revenue": 83.4 + 67.5 - 5.9, "orders": 1, "rows_rejected": 1},
)
CASES["nl afas orders"] = (
    """
Ordernummer;Debiteurnr;Orderdatum;Leverdatum;Status;Regelbedrag;Orderbedrag excl. BTW
1;10001;13-01-2026;15-01-2026;Gefactureerd;€ 10,00;€ 25,00
1;10001;13-01-2026;15-01-2026;Gefactureerd;€ 15,00;€ 25,00
2;10002;14-01-2026;16-01-2026;Vervallen;€ 5,00;€ 5,00
""",
    {"orders": 1, "revenue": 25, "customers": 2},
    "not known",
)
CASES["sign in front of grouped"] = (
    """
customer;date;amount
a;2026-01-01;-1.234,50
b;2026-01-02;2.000,00
""",
    {"revenue": 765.5},
)
