"""Makes an IAM user that may use Bedrock, and prints its access key: `ID SECRET`.

usage: make_iam_user.py ENDPOINT
"""

import json
import sys

import boto3

# ministack's root.
iam = boto3.client(
    "iam",
    endpoint_url=sys.argv[1],
    region_name="us-east-1",
    aws_access_key_id="test",
    aws_secret_access_key="test",
)
iam.create_user(UserName="outcrop")
allowed = {"Effect": "Allow", "Action": "bedrock:*", "Resource": "*"}
policy = {"Version": "2012-10-17", "Statement": [allowed]}
iam.put_user_policy(UserName="outcrop", PolicyName="bedrock", PolicyDocument=json.dumps(policy))
key = iam.create_access_key(UserName="outcrop")["AccessKey"]
print(key["AccessKeyId"], key["SecretAccessKey"])
